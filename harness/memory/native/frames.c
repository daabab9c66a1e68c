/* From the frames of a thread, and what memray was told of them before, to the calls of its hook. */

#include "lazy_stack.h"

_PyInterpreterFrame *outermost;
int alike_most;

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
        if (alike == alike_most) {
            *unchanged = place;
            break;
        }
    }
    return count;
}

static bool is_of(const struct told *told, const PyCodeObject *code) {
    return told->twin && told->twin->code == code && told->twin->life == told->life;
}

static void tell_call(struct stack *mine, _PyInterpreterFrame *frame) {
    PyCodeObject *code = code_of(frame);
    struct told *told = &mine->told[mine->depth];
    struct twin *twin = is_of(told, code) && told->twin->is_marked ? told->twin : twin_of(code);
    if (!twin) return;
    *told = (struct told){frame, instruction_of(frame), twin, twin->life};
    *place_of(mine, frame) = mine->depth++;
    call_hook(PyTrace_CALL, told);
}

/* Keep, from the outside, what is of the same function; how many frames of `left` are not kept. */
static int keep(struct stack *mine, int left, int *same) {
    while (left > 0 && *same < mine->depth) {
        _PyInterpreterFrame *frame = mine->chain[left - 1];
        struct told *told = &mine->told[*same];
        if (!is_of(told, code_of(frame))) break;
        bool has_moved = told->instruction != instruction_of(frame);
        told->instruction = instruction_of(frame);
        if (told->frame != frame) {
            told->frame = frame;
            *place_of(mine, frame) = *same;
        }
        left--;
        ++*same;
        /* What it had called is told anew: memray looks for moved frames from the inside, and as far as the first that
           has not. */
        if (has_moved) break;
    }
    return left;
}

void tell(struct stack *mine, const PyThreadState *thread) {
    int same, left = collect(mine, innermost(thread), &same);
    left = keep(mine, left, &same);
    if (same + left >= DEPTH_MOST) same = 0;
    while (mine->depth > same) call_hook(PyTrace_RETURN, &mine->told[--mine->depth]);
    while (left > 0) tell_call(mine, mine->chain[--left]);
}
