/* Tells memray the Python stack at an allocation, so that the interpreter need not tell it of every call.

   memray keeps a stack of its own for each thread, and has the interpreter's profile hook push and pop a frame for every
   call and return. An interpreter with a profile hook leaves its fast path: the importer takes 1.7 times the CPU time.
   Here the hook is never installed. At an allocation memray asks for the thread's state, to see whether its hook is
   still there; that question is answered by this module, which first compares the frames of the thread with what memray
   was told before, and calls memray's hook for the difference.

   What memray gets for a frame is a `struct told`, and for a code object a `struct twin`: nothing is kept alive for it,
   and a thread that does not hold the GIL counts no reference. Stacks are told under memray's own lock. It is made for
   what memray 1.20 asks. */

#ifndef LAZY_STACK_H
#define LAZY_STACK_H

#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_frame.h>
#include <stdbool.h>

#if PY_VERSION_HEX < 0x030B0000 || PY_VERSION_HEX >= 0x030E0000 || defined(Py_GIL_DISABLED)
#error "the frames of this Python are not known here"
#endif

/* Every entry point of CPython is exported by it; what is between these files is not. */
#define HIDDEN __attribute__((visibility("hidden")))

/* Frames of a stack. Of a deeper one those outside are left out, and it is told anew each time it gets that deep. */
enum { DEPTH_MOST = 20000, PLACES = 256 };

/* A code object as memray sees it. What it is compared by stands together, in one line of the cache. */
struct twin {
    PyCodeObject *code; /* NULL once that is gone */
    unsigned life;      /* which code object it is the twin of: it serves one after another */
    bool is_marked;     /* we shall hear of its end */
    struct twin *next;
    PyCodeObject seen;
};

/* A frame as memray sees it: the real one, and the instruction that it had come to. */
struct told {
    _PyInterpreterFrame *frame;
    const void *instruction;
    struct twin *twin;
    unsigned life;
};

/* The stack of a thread, outermost frame first. */
struct stack {
    bool is_begun;
    int depth;
    struct told told[DEPTH_MOST];
    _PyInterpreterFrame *chain[DEPTH_MOST]; /* the frames that were seen last, innermost first */
    int places[PLACES];                     /* where in `told` a frame may stand, by its address */
};

/* twins.c */
HIDDEN bool begin_twins(void);           /* false with an exception set */
HIDDEN struct twin *twin_of(PyCodeObject *code); /* NULL without memory, or where it needs the GIL and has not got it */
#if PY_VERSION_HEX >= 0x030C0000
HIDDEN int watch_codes(PyCode_WatchCallback forget); /* instead of PyCode_AddWatcher */
#else
HIDDEN Py_ssize_t mark_codes(freefunc forget); /* instead of _PyEval_RequestCodeExtraIndex */
#endif

/* PyGILState_Check() is always true once there has been a subinterpreter. */
static inline bool has_gil(void) {
    PyThreadState *running = _PyThreadState_UncheckedGet();
    return running && running == PyGILState_GetThisThreadState();
}

/* NULL for a frame that is none of a function. */
static inline PyCodeObject *code_of(const _PyInterpreterFrame *frame) {
#if PY_VERSION_HEX >= 0x030D0000
    if (_PyFrame_IsIncomplete((_PyInterpreterFrame *)frame)) return NULL;
    return (PyCodeObject *)frame->f_executable;
#elif PY_VERSION_HEX >= 0x030C0000
    return frame->owner == FRAME_OWNED_BY_CSTACK ? NULL : frame->f_code;
#else
    return frame->f_code;
#endif
}

static inline const void *instruction_of(const _PyInterpreterFrame *frame) {
#if PY_VERSION_HEX >= 0x030D0000
    return frame->instr_ptr;
#else
    return frame->prev_instr;
#endif
}

static inline _PyInterpreterFrame *innermost(const PyThreadState *thread) {
#if PY_VERSION_HEX >= 0x030D0000
    return thread->current_frame;
#else
    return thread->cframe ? thread->cframe->current_frame : NULL;
#endif
}

/* frames.c: calls memray's hook for what has returned and been called in `thread` since the last time. */
HIDDEN void tell(struct stack *mine, const PyThreadState *thread);
HIDDEN extern _PyInterpreterFrame *outermost; /* it and those around it are not told */
HIDDEN extern int alike_most;                 /* so many frames that are as they were vouch for those outside of them */

/* answers.c */
HIDDEN void call_hook(int what, struct told *told);

/* imports.c */
struct answer {
    const char *question; /* the function of CPython that memray calls */
    void *function;       /* what it is to call instead */
    void *original;
    bool is_asked;
};
enum placing { ANSWERS_OF_OURS, ORIGINALS };

/* Has the library at `path` call the answers, or the originals again. False with an exception set, and nothing changed,
   where one of them is not among its imports. */
HIDDEN bool place_answers(const char *path, struct answer *answers, int count, enum placing placing);

#endif
