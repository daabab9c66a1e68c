/* What memray's extension module gets where it asks the interpreter about threads and frames. */

#define _GNU_SOURCE
#include "lazy_stack.h"

#include <pthread.h>
#include <sys/mman.h>

static Py_tracefunc hook;
static PyThreadState as_if_hooked; /* for who wants to see the hook in a state, and only for them */
static struct told nobody;         /* where each stack begins: memray asks nothing on an empty one */
static pthread_key_t at_thread_end;
/* Where memray's install_trace_function() asks for the state. Others ask the same question, for the exceptions in it. */
static const void *hook_is_sought_at, *asked_at;
static bool is_learning;
/* Known to the loader, so that reading it is no call: there are some ten million reads in an import. */
static __thread struct stack *stack __attribute__((tls_model("initial-exec")));
static __thread struct told *spoken_of __attribute__((tls_model("initial-exec")));

/* memray hands back as frames what it was given as such; real ones come from its own look at other threads. */
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
    if (!stack || !stack->is_begun || !thread) return thread;
    /* Of the code objects of another interpreter we do not hear when they end: its caller stands for it. */
    if (thread->interp == as_if_hooked.interp) tell(stack, thread);
    return &as_if_hooked;
}

/* Asked to see whether a thread has the hook already. */
static __attribute__((noinline)) PyThreadState *current_state(void) {
    const void *from = __builtin_return_address(0);
    if (is_learning) asked_at = from;
    return stack && from == hook_is_sought_at ? &as_if_hooked : PyThreadState_Get();
}

/* Asked by the hook itself; and at the beginning of a stack, when memray has just emptied its own. */
static PyFrameObject *current_frame(void) {
    if (spoken_of) return (PyFrameObject *)spoken_of;
    if (is_learning) return NULL;
    if (!stack) return PyEval_GetFrame();
    stack->is_begun = true;
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
    if (is_learning) {
        hook_is_sought_at = asked_at;
        return;
    }
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
/* Asked whether memray will hear of a code object's end: of a twin's it will. */
static int mark_of_code(PyObject *code, Py_ssize_t Py_UNUSED(index), void **mark) {
    *mark = code;
    return 0;
}
#endif

/* Asked to have greenlet call memray at each switch. Stacks that are compared need no such call, and it would be made
   here, inside of an allocation. */
static PyObject *object_of_sys(const char *name) { return strcmp(name, "modules") ? PySys_GetObject(name) : NULL; }

#define ANSWER(question, function) {#question, function, question, false}
static struct answer answers[] = {
    ANSWER(PyGILState_GetThisThreadState, this_threads_state),
    ANSWER(PyThreadState_Get, current_state),
    ANSWER(PyEval_GetFrame, current_frame),
    ANSWER(PyFrame_GetBack, frame_around),
    ANSWER(PyFrame_GetCode, code_of_frame),
    ANSWER(PyFrame_GetLasti, offset_in_frame),
    ANSWER(PyEval_SetProfile, set_hook),
    ANSWER(PySys_GetObject, object_of_sys),
#if PY_VERSION_HEX >= 0x030D0000
    ANSWER(PyEval_SetProfileAllThreads, set_hook_everywhere),
#else
    ANSWER(_PyEval_SetProfile, set_hook_of),
#endif
#if PY_VERSION_HEX >= 0x030C0000
    ANSWER(PyCode_AddWatcher, watch_codes),
#else
    ANSWER(_PyCode_GetExtra, mark_of_code),
    ANSWER(_PyEval_RequestCodeExtraIndex, mark_codes),
#endif
};
enum { ANSWERS = sizeof answers / sizeof *answers };

/* Have memray look for its hook once, to learn from where it does. */
static bool learn(PyObject *memray) {
    is_learning = true;
    PyObject *none = PyObject_CallMethod(memray, "start_thread_trace", "OsO", Py_None, "call", Py_None);
    is_learning = false;
    Py_XDECREF(none);
    if (none && !hook_is_sought_at) PyErr_SetString(PyExc_ImportError, "memray does not look for its hook");
    return none && hook_is_sought_at;
}

static bool begin(PyThreadState *thread, int compared) {
    as_if_hooked.interp = thread->interp;
    alike_most = compared;
    outermost = innermost(thread)->previous;
    if (!outermost || !code_of(outermost)) {
        PyErr_SetString(PyExc_ImportError, "install() is for a function that a function called");
        return false;
    }
    if (!begin_twins()) return false;
    struct twin *twin = twin_of(code_of(outermost));
    if (!twin || pthread_key_create(&at_thread_end, end_stack)) {
        PyErr_NoMemory();
        return false;
    }
    nobody = (struct told){outermost, instruction_of(outermost), twin, twin->life};
    return true;
}

static PyObject *install(PyObject *Py_UNUSED(module), PyObject *arguments) {
    PyObject *memray;
    const char *path;
    int compared;
    if (!PyArg_ParseTuple(arguments, "Osi", &memray, &path, &compared)) return NULL;
    if (!begin(PyThreadState_Get(), compared) || !place_answers(path, answers, ANSWERS, ANSWERS_OF_OURS)) return NULL;
    if (learn(memray)) Py_RETURN_NONE;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    place_answers(path, answers, ANSWERS, ORIGINALS);
    PyErr_Restore(type, value, traceback);
    return NULL;
}

static PyMethodDef methods[] = {
    {"install", install, METH_VARARGS,
     "install(memray, path, compared)\n--\n\n"
     "Have memray's extension module, loaded from `path`, ask here; once, and before there is a Tracker.\n\n"
     "So many frames in a row that are as they were told stand for those outside of them. The function that the caller\n"
     "returns to, and those around it, are not told. ImportError, and nothing is changed, where it does not fit."},
    {NULL, NULL, 0, NULL},
};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "lazy_stack", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_lazy_stack(void) { return PyModule_Create(&definition); }
