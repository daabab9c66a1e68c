/* Code objects as memray sees them: a copy of each, which ends with it. */

#include "lazy_stack.h"

#include <sched.h>
#include <stdatomic.h>

enum { FIRST_SIZE = 1 << 12 };

static struct twin **buckets, *spare;
static size_t size, used;
static PyObject *unreadable;
/* Stacks are told under memray's lock, ends of code objects are heard of under the GIL. */
static atomic_flag is_busy = ATOMIC_FLAG_INIT;

#if PY_VERSION_HEX >= 0x030C0000
static PyCode_WatchCallback forget_code;
#else
static freefunc forget_code;
static Py_ssize_t mark = -1;
#endif

static void lock(void) {
    while (atomic_flag_test_and_set_explicit(&is_busy, memory_order_acquire)) sched_yield();
}

static void unlock(void) { atomic_flag_clear_explicit(&is_busy, memory_order_release); }

static struct twin **bucket_of(const PyCodeObject *code) {
    return &buckets[((uintptr_t)code >> 4) * 0x9E3779B97F4A7C15u >> 20 & (size - 1)];
}

static void put(struct twin *twin) {
    struct twin **bucket = bucket_of(twin->code);
    twin->next = *bucket;
    *bucket = twin;
}

static bool make_room(void) {
    if (used < size) return true;
    struct twin **before = buckets;
    size_t size_before = size, larger = size ? size * 2 : FIRST_SIZE;
    struct twin **table = calloc(larger, sizeof *table);
    if (!table) return false;
    buckets = table;
    size = larger;
    for (size_t i = 0; i < size_before; i++)
        for (struct twin *twin = before[i], *next; twin; twin = next) {
            next = twin->next;
            put(twin);
        }
    free(before);
    return true;
}

/* memray reads names as UTF-8. Where they are not ASCII that takes the GIL, and it may not be possible. */
static PyObject *readable(PyObject *name) {
    if (PyUnicode_IS_COMPACT_ASCII(name)) return name;
    if (!has_gil()) return NULL;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    bool is_utf8 = PyUnicode_AsUTF8(name) != NULL;
    PyErr_Restore(type, value, traceback);
    return is_utf8 ? name : unreadable;
}

static struct twin *make(PyCodeObject *code) {
    PyObject *name = readable(code->co_name), *filename = readable(code->co_filename);
    if (!name || !filename || !make_room()) return NULL;
    struct twin *twin = spare;
    if (twin)
        spare = twin->next;
    else if (!(twin = calloc(1, sizeof *twin)))
        return NULL;
    memcpy(&twin->seen, code, offsetof(PyCodeObject, co_code_adaptive));
    /* memray counts references to it, in any thread: so many that none is the last. */
    Py_SET_REFCNT((PyObject *)&twin->seen, 1 << 29);
    twin->seen.co_name = name;
    twin->seen.co_filename = filename;
    twin->code = code;
    twin->is_marked = false;
    put(twin);
    used++;
    return twin;
}

/* On 3.12 and later all ends are told. */
static void mark_code(struct twin *twin) {
#if PY_VERSION_HEX < 0x030C0000
    if (mark < 0 || !has_gil() || _PyCode_SetExtra((PyObject *)twin->code, mark, twin)) return;
#endif
    twin->is_marked = true;
}

/* A code object that was only seen without the GIL can have ended unheard, with another one in its place. */
static bool is_twin_of(const struct twin *twin, const PyCodeObject *code) {
    const PyCodeObject *seen = &twin->seen;
    return twin->code == code && (twin->is_marked || (seen->co_name == code->co_name &&
                                                      seen->co_filename == code->co_filename &&
                                                      seen->co_linetable == code->co_linetable));
}

struct twin *twin_of(PyCodeObject *code) {
    lock();
    struct twin *twin = size ? *bucket_of(code) : NULL;
    while (twin && !is_twin_of(twin, code)) twin = twin->next;
    if (!twin) twin = make(code);
    unlock();
    if (twin && !twin->is_marked) mark_code(twin);
    return twin;
}

/* Take the twin of a code object that ends out of the table. */
static struct twin *take(const PyCodeObject *code) {
    lock();
    struct twin **place = size ? bucket_of(code) : NULL;
    while (place && *place && (*place)->code != code) place = &(*place)->next;
    struct twin *twin = place ? *place : NULL;
    if (twin) {
        *place = twin->next;
        twin->code = NULL;
        twin->life++;
        used--;
    }
    unlock();
    return twin;
}

/* Only when memray has forgotten it may it serve another code object. */
static void save(struct twin *twin) {
    lock();
    twin->next = spare;
    spare = twin;
    unlock();
}

#if PY_VERSION_HEX >= 0x030C0000
static int on_code(PyCodeEvent event, PyCodeObject *code) {
    struct twin *twin = event == PY_CODE_EVENT_DESTROY ? take(code) : NULL;
    if (!twin) return 0;
    forget_code(event, &twin->seen);
    save(twin);
    return 0;
}

int watch_codes(PyCode_WatchCallback forget) {
    forget_code = forget;
    return PyCode_AddWatcher(on_code);
}
#else
static void on_end(void *marked) {
    struct twin *twin = take(((struct twin *)marked)->code);
    if (!twin) return;
    forget_code(&twin->seen);
    save(twin);
}

Py_ssize_t mark_codes(freefunc forget) {
    forget_code = forget;
    mark = _PyEval_RequestCodeExtraIndex(on_end);
    return mark;
}
#endif

bool begin_twins(void) {
    unreadable = PyUnicode_InternFromString("?");
    return unreadable != NULL;
}
