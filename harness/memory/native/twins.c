/* Code objects as memray sees them: copies that live for ever, one for each code object. */

#include "lazy_stack.h"

enum { FIRST_SIZE = 1 << 12 };

static struct twin **twins; /* a hash table with open addresses, at most half full */
static size_t size, used;

static size_t first_place(const PyCodeObject *code) {
    return ((uintptr_t)code >> 4) * 0x9E3779B97F4A7C15u >> 20 & (size - 1);
}

static void put(struct twin *twin) {
    size_t place = first_place(twin->code);
    while (twins[place]) place = (place + 1) & (size - 1);
    twins[place] = twin;
}

static bool make_room(void) {
    if (used * 2 < size) return true;
    struct twin **before = twins;
    size_t size_before = size, larger = size ? size * 2 : FIRST_SIZE;
    struct twin **table = calloc(larger, sizeof *table);
    if (!table) return false;
    twins = table;
    size = larger;
    for (size_t i = 0; i < size_before; i++)
        if (before[i]) put(before[i]);
    free(before);
    return true;
}

static struct twin *find(const PyCodeObject *code) {
    if (!size) return NULL;
    size_t place = first_place(code);
    while (twins[place] && !is_twin_of(twins[place], code)) place = (place + 1) & (size - 1);
    return twins[place];
}

/* memray reads names as UTF-8. Where they are not ASCII that allocates, which takes the GIL. */
static bool is_readable(PyObject *name) { return PyUnicode_IS_COMPACT_ASCII(name) || PyGILState_Check(); }

static struct twin *make(PyCodeObject *code) {
    if (!is_readable(code->co_name) || !is_readable(code->co_filename) || !make_room()) return NULL;
    struct twin *twin = calloc(1, sizeof *twin);
    if (!twin) return NULL;
    memcpy(&twin->seen, code, offsetof(PyCodeObject, co_code_adaptive));
    /* memray counts references to it, in any thread: so many that none is the last. */
    Py_SET_REFCNT((PyObject *)&twin->seen, 1 << 29);
    twin->code = code;
    twin->name = code->co_name;
    twin->filename = code->co_filename;
    twin->first_line = code->co_firstlineno;
    put(twin);
    used++;
    return twin;
}

struct twin *twin_of(PyCodeObject *code) {
    struct twin *twin = find(code);
    if (!twin) twin = make(code);
    if (twin && !twin->is_held && PyGILState_Check()) {
        Py_INCREF(code->co_name);
        Py_INCREF(code->co_filename);
        twin->is_held = true;
    }
    return twin;
}
