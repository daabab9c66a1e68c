/* From the frames of a thread, and what memray was told of them before, to the calls of its hook. */

#include "lazy_stack.h"

/* After so many frames that are as they were told, those outside of them are taken to be as they were, too. They are not
   where a caller was called anew, took the same way inwards, and nothing was allocated in between: then the outer lines
   are those of the call before. Looking at all of them takes the importer 2.0 times the CPU time instead of 1.9. */
enum { ALIKE = 8 };

_PyInterpreterFrame *outermost;

static int *place_of(struct stack *mine, const _PyInterpreterFrame *frame) {
    return &mine->places[((uintptr_t)frame >> 4) % PLACES];
}

/* Where `frame` stands in `told`, else -1; most stand next to the one that they called, which stands at `inner`. */
static int find(struct stack *mine, const _PyInterpreterFrame *frame, int inner) {
    int place = inner > 0 && mine->told[inner - 1].frame == frame ? inner - 1 : *place_of(mine, frame);
    return place < mine->depth && mine->told[place].frame == frame ? place : -1;
}

/* Put the frames that may have changed into the chain. Returns how many they are; `unchanged` are outside of them. */
static int collect(struct stack *mine, _PyInterpreterFrame *frame, int *unchanged) {
    int count = 0, alike = 0, place = -1;
    *unchanged = 0;
    for (; frame && frame != outermost && count < DEPTH_MOST - 1; frame = frame->previous) {
        if (!code_of(frame)) continue;
        mine->chain[count++] = frame;
        int inner = place;
        place = find(mine, frame, inner);
        bool is_alike = place >= 0 && mine->told[place].instruction == instruction_of(frame);
        alike = !is_alike ? 0 : place == inner - 1 ? alike + 1 : 1;
        if (alike == ALIKE) {
            *unchanged = place;
            break;
        }
    }
    return count;
}

static void tell_call(struct stack *mine, _PyInterpreterFrame *frame) {
    PyCodeObject *code = code_of(frame);
    struct told *told = &mine->told[mine->depth];
    bool is_known = told->twin && told->twin->is_held && is_twin_of(told->twin, code);
    struct twin *twin = is_known ? told->twin : twin_of(code);
    if (!twin) return;
    twin->seen.co_linetable = code->co_linetable;
    *told = (struct told){frame, instruction_of(frame), twin};
    *place_of(mine, frame) = mine->depth++;
    call_hook(PyTrace_CALL, told);
}

void tell(struct stack *mine, const PyThreadState *thread) {
    int unchanged, left = collect(mine, innermost(thread), &unchanged), same = unchanged;
    for (bool has_moved = false; left > 0 && same < mine->depth && !has_moved; same++, left--) {
        _PyInterpreterFrame *frame = mine->chain[left - 1];
        struct told *told = &mine->told[same];
        if (!is_twin_of(told->twin, code_of(frame))) break;
        /* What it had called has returned, and may have been called again: that is told anew. */
        has_moved = told->instruction != instruction_of(frame);
        told->instruction = instruction_of(frame);
        if (told->frame == frame) continue;
        told->frame = frame;
        *place_of(mine, frame) = same;
    }
    if (same + left >= DEPTH_MOST) same = 0;
    while (mine->depth > same) call_hook(PyTrace_RETURN, &mine->told[--mine->depth]);
    while (left > 0) tell_call(mine, mine->chain[--left]);
}
