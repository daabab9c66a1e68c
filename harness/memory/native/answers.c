/* What memray's extension module gets where it asks the interpreter about threads and frames. */

#define _GNU_SOURCE
#include "lazy_stack.h"

#include <pthread.h>
#include <sys/mman.h>

static Py_tracefunc hook;
static PyThreadState as_if_hooked; /* all that memray reads of a state: its interpreter and its hook */
static struct told nobody;         /* where a stack begins: memray asks nothing about an empty one */
static pthread_key_t at_thread_end;
/* Known to the loader, so that reading it is no call: there are some ten million reads in an import. */
static __thread struct stack *stack __attribute__((tls_model("initial-exec")));
static __thread struct told *spoken_of __attribute__((tls_model("initial-exec")));

static bool is_told(const PyFrameObject *frame) {
    const struct told *told = (const struct told *)frame;
    return told == &nobody || (stack && told >= stack->told && told < stack->told + DEPTH_MOST);
}

void call_hook(int what, struct told *told) {
    spoken_of = told;
    hook(NULL, (PyFrameObject *)told, what, NULL);
    spoken_of = NULL;
}

/* Asked at every allocation, before memray writes down the stack. */
static PyThreadState *this_threads_state(void) {
    PyThreadState *thread = PyGILState_GetThisThreadState();
    if (!stack || !thread) return thread;
    tell(stack, thread);
    return &as_if_hooked;
}

/* Asked to see whether a thread has the hook already. */
static PyThreadState *current_state(void) { return stack ? &as_if_hooked : PyThreadState_Get(); }

/* Asked at the beginning of a stack, and by the hook itself. */
static PyFrameObject *current_frame(void) {
    if (spoken_of) return (PyFrameObject *)spoken_of;
    if (!stack) return PyEval_GetFrame();
    stack->depth = 0;
    return (PyFrameObject *)&nobody;
}

static PyFrameObject *frame_around(PyFrameObject *frame) { return is_told(frame) ? NULL : PyFrame_GetBack(frame); }

static PyCodeObject *code_of_frame(PyFrameObject *frame) {
    if (!is_told(frame)) return PyFrame_GetCode(frame);
    PyCodeObject *code = &((struct told *)frame)->twin->seen;
    Py_INCREF(code);
    return code;
}

static int offset_in_frame(PyFrameObject *frame) {
    if (!is_told(frame)) return PyFrame_GetLasti(frame);
    const struct told *told = (const struct told *)frame;
    ptrdiff_t offset = (const char *)told->instruction - (const char *)_PyCode_CODE(told->twin->code);
    return offset < 0 ? -1 : (int)offset;
}

static void begin_stack(Py_tracefunc wished) {
    hook = as_if_hooked.c_profilefunc = wished;
    if (stack) return;
    /* What is not written to takes no memory. */
    void *mine = mmap(NULL, sizeof *stack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mine == MAP_FAILED) return;
    stack = mine;
    pthread_setspecific(at_thread_end, mine);
}

static void end_stack(void *mine) {
    stack = NULL;
    munmap(mine, sizeof *stack);
}

/* Asked in a new thread, where a hook in Python has waited for the first call: that goes. */
static void set_hook(Py_tracefunc wished, PyObject *Py_UNUSED(argument)) {
    if (wished) begin_stack(wished);
    PyEval_SetProfile(NULL, NULL);
}

#if PY_VERSION_HEX >= 0x030D0000
static void set_hook_everywhere(Py_tracefunc wished, PyObject *Py_UNUSED(argument)) {
    if (wished) begin_stack(wished);
}
#else
static int set_hook_of(PyThreadState *thread, Py_tracefunc wished, PyObject *Py_UNUSED(argument)) {
    if (wished && thread == PyThreadState_Get()) begin_stack(wished);
    return 0;
}
#endif

#if PY_VERSION_HEX < 0x030C0000
/* Asked to mark a code object, so as to hear of its end: a twin has none. */
static int mark_of_code(PyObject *code, Py_ssize_t Py_UNUSED(index), void **mark) {
    *mark = code;
    return 0;
}
#endif

static struct answer answers[] = {
    {"PyGILState_GetThisThreadState", this_threads_state, false},
    {"PyThreadState_Get", current_state, false},
    {"PyEval_GetFrame", current_frame, false},
    {"PyFrame_GetBack", frame_around, false},
    {"PyFrame_GetCode", code_of_frame, false},
    {"PyFrame_GetLasti", offset_in_frame, false},
    {"PyEval_SetProfile", set_hook, false},
#if PY_VERSION_HEX >= 0x030D0000
    {"PyEval_SetProfileAllThreads", set_hook_everywhere, false},
#else
    {"_PyEval_SetProfile", set_hook_of, false},
#endif
#if PY_VERSION_HEX < 0x030C0000
    {"_PyCode_GetExtra", mark_of_code, false},
#endif
};
enum { ANSWERS = sizeof answers / sizeof *answers };

static PyObject *install(PyObject *Py_UNUSED(module), PyObject *path) {
    const char *library = PyUnicode_AsUTF8(path);
    if (!library) return NULL;
    PyThreadState *thread = PyThreadState_Get();
    as_if_hooked.interp = thread->interp;
    outermost = innermost(thread)->previous;
    if (!outermost || !code_of(outermost)) return PyErr_Format(PyExc_ImportError, "install() is for a function to call");
    nobody = (struct told){outermost, instruction_of(outermost), twin_of(code_of(outermost))};
    if (!nobody.twin || pthread_key_create(&at_thread_end, end_stack)) return PyErr_NoMemory();
    place_answers(library, answers, ANSWERS);
    for (int i = 0; i < ANSWERS; i++)
        if (!answers[i].is_placed)
            return PyErr_Format(PyExc_ImportError, "%s does not ask for %s", library, answers[i].question);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"install", install, METH_O,
     "install(path)\n--\n\nHave memray's extension module at `path` ask here; once, and before there is a Tracker.\n\n"
     "The function that the caller returns to, and those around it, are not told."},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "lazy_stack", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_lazy_stack(void) { return PyModule_Create(&definition); }
