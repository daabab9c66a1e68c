/* Replaces functions that a loaded library imports, in the table through which it calls them (ELF: gABI, chapter 5). */

#define _GNU_SOURCE
#include "lazy_stack.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

enum { TABLES = 2 };

struct imports {
    const ElfW(Sym) * symbols;
    const char *names;
    const ElfW(Rela) * tables[TABLES];
    size_t bytes[TABLES];
};

struct job {
    const char *path;
    struct answer *answers;
    int count;
    void (*handle)(void **slot, struct answer *answer);
};

/* glibc has added where the library was loaded, other loaders have not. */
static const void *at(const struct dl_phdr_info *library, ElfW(Addr) address) {
    return (const void *)(address < library->dlpi_addr ? library->dlpi_addr + address : address);
}

static const ElfW(Dyn) * dynamic_of(const struct dl_phdr_info *library) {
    for (int i = 0; i < library->dlpi_phnum; i++)
        if (library->dlpi_phdr[i].p_type == PT_DYNAMIC)
            return (const void *)(library->dlpi_addr + library->dlpi_phdr[i].p_vaddr);
    return NULL;
}

static struct imports imports_of(const struct dl_phdr_info *library) {
    struct imports found = {0};
    const ElfW(Dyn) *entry = dynamic_of(library);
    for (; entry && entry->d_tag != DT_NULL; entry++) switch (entry->d_tag) {
            case DT_SYMTAB: found.symbols = at(library, entry->d_un.d_ptr); break;
            case DT_STRTAB: found.names = at(library, entry->d_un.d_ptr); break;
            case DT_RELA: found.tables[0] = at(library, entry->d_un.d_ptr); break;
            case DT_RELASZ: found.bytes[0] = entry->d_un.d_val; break;
            case DT_JMPREL: found.tables[1] = at(library, entry->d_un.d_ptr); break;
            case DT_PLTRELSZ: found.bytes[1] = entry->d_un.d_val; break;
        }
    return found;
}

/* The table may be read-only by now. */
static void open_slot(void **slot, struct answer *answer) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    answer->is_asked = !mprotect((void *)((uintptr_t)slot & ~(page - 1)), page, PROT_READ | PROT_WRITE);
}

static void place_answer(void **slot, struct answer *answer) { *slot = answer->function; }

static void place_original(void **slot, struct answer *answer) { *slot = answer->original; }

static int do_in(struct dl_phdr_info *library, size_t Py_UNUSED(size), void *wished) {
    const struct job *job = wished;
    if (strcmp(library->dlpi_name, job->path)) return 0;
    struct imports found = imports_of(library);
    for (int table = 0; table < TABLES; table++)
        for (size_t i = 0; i < found.bytes[table] / sizeof(ElfW(Rela)); i++) {
            const ElfW(Rela) *one = &found.tables[table][i];
            const char *name = found.names + found.symbols[ELF64_R_SYM(one->r_info)].st_name;
            for (int k = 0; k < job->count; k++)
                if (!strcmp(name, job->answers[k].question))
                    job->handle((void **)(library->dlpi_addr + one->r_offset), &job->answers[k]);
        }
    return 1;
}

bool place_answers(const char *path, struct answer *answers, int count, enum placing placing) {
    struct job job = {path, answers, count, open_slot};
    if (!dl_iterate_phdr(do_in, &job)) {
        PyErr_Format(PyExc_ImportError, "no library was loaded from %s", path);
        return false;
    }
    for (int i = 0; i < count; i++)
        if (!answers[i].is_asked) {
            PyErr_Format(PyExc_ImportError, "%s does not ask for %s", path, answers[i].question);
            return false;
        }
    job.handle = placing == ORIGINALS ? place_original : place_answer;
    dl_iterate_phdr(do_in, &job);
    return true;
}
