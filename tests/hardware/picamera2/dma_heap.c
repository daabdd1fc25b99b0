/* Stands in for /dev/dma_heap, which a container does not have: every allocation is a memfd.
   Preloaded into the Python that runs the check; see check_picamera2.sh. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int heap(void) { return memfd_create("dma_heap", MFD_CLOEXEC); }

static int is_heap(const char *path) { return strncmp(path, "/dev/dma_heap/", 14) == 0; }

#define OPEN(name)                                                                 \
    int name(const char *path, int flags, ...) {                                   \
        va_list rest;                                                              \
        va_start(rest, flags);                                                     \
        mode_t mode = va_arg(rest, mode_t);                                        \
        va_end(rest);                                                              \
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, #name);             \
        return is_heap(path) ? heap() : real(path, flags, mode);                   \
    }
OPEN(open)
OPEN(open64)

int ioctl(int file, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    if (request == DMA_HEAP_IOCTL_ALLOC) {
        struct dma_heap_allocation_data *wanted = argument;
        int memory = heap();
        if (memory < 0 || ftruncate(memory, wanted->len) < 0) return -1;
        wanted->fd = memory;
        return 0;
    }
    if (request == DMA_BUF_IOCTL_SYNC || request == DMA_BUF_SET_NAME_A ||
        request == DMA_BUF_SET_NAME_B)
        return 0;
    return real(file, request, argument);
}
