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

struct placing {
    const char *path;
    struct answer *answers;
    int count;
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
static void place(void **slot, struct answer *answer) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    if (mprotect((void *)((uintptr_t)slot & ~(page - 1)), page, PROT_READ | PROT_WRITE)) return;
    *slot = answer->function;
    answer->is_placed = true;
}

static int place_in(struct dl_phdr_info *library, size_t Py_UNUSED(size), void *wished) {
    const struct placing *placing = wished;
    if (strcmp(library->dlpi_name, placing->path)) return 0;
    struct imports found = imports_of(library);
    for (int table = 0; table < TABLES; table++)
        for (size_t i = 0; i < found.bytes[table] / sizeof(ElfW(Rela)); i++) {
            const ElfW(Rela) *one = &found.tables[table][i];
            const char *name = found.names + found.symbols[ELF64_R_SYM(one->r_info)].st_name;
            for (int k = 0; k < placing->count; k++)
                if (!strcmp(name, placing->answers[k].question))
                    place((void **)(library->dlpi_addr + one->r_offset), &placing->answers[k]);
        }
    return 1;
}

void place_answers(const char *path, struct answer *answers, int count) {
    struct placing placing = {path, answers, count};
    dl_iterate_phdr(place_in, &placing);
}
