/* The system calls of the launcher and the entry of a program, for each processor that Node is built for. */
#if defined(__x86_64__)
#define READ 0
#define WRITE 1
#define CLOSE 3
#define SIGPROCMASK 14
#define GETPID 39
#define SENDMSG 46
#define CLONE 56
#define EXECVE 59
#define EXIT 60
#define WAIT4 61
#define KILL 62
#define CHDIR 80
#define GETPPID 110
#define SETSID 112
#define SIGTIMEDWAIT 128
#define PRCTL 157
#define GETDENTS64 217
#define OPENAT 257
#define SYMLINKAT 266
#define CLOSE_RANGE 436

static long kernel_call(long number, long a, long b, long c, long d) {
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

__asm__(".globl _start\n_start:\n  xor %ebp, %ebp\n  mov %rsp, %rdi\n  and $-16, %rsp\n  call start\n");

static long kernel_readlink(const char *path, char *to, long size) {
    return kernel_call(89, (long)path, (long)to, size, 0);
}

#elif defined(__aarch64__)
#define SYMLINKAT 36
#define CHDIR 49
#define OPENAT 56
#define CLOSE 57
#define GETDENTS64 61
#define READ 63
#define WRITE 64
#define EXIT 93
#define KILL 129
#define SIGPROCMASK 135
#define SIGTIMEDWAIT 137
#define SETSID 157
#define PRCTL 167
#define GETPID 172
#define GETPPID 173
#define SENDMSG 211
#define CLONE 220
#define EXECVE 221
#define WAIT4 260
#define CLOSE_RANGE 436

static long kernel_call(long number, long a, long b, long c, long d) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
    return x0;
}

__asm__(".globl _start\n_start:\n  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  bl start\n");

/* There is only readlinkat; -100 is the working directory. */
static long kernel_readlink(const char *path, char *to, long size) {
    return kernel_call(78, -100, (long)path, (long)to, size);
}

#else
#error "no system calls for this processor"
#endif

static void kernel_write(int file, const char *text, long size) { kernel_call(WRITE, file, (long)text, size, 0); }

static long kernel_execve(const char *file, char **argv, char **env) {
    return kernel_call(EXECVE, (long)file, (long)argv, (long)env, 0);
}

static _Noreturn void kernel_exit(int code) {
    for (;;) kernel_call(EXIT, code, 0, 0, 0);
}

static long kernel_getpid(void) { return kernel_call(GETPID, 0, 0, 0, 0); }

#define SIGCHLD 17

/* 0 in the new process, which goes on with a copy of this stack. */
static long kernel_fork(void) { return kernel_call(CLONE, SIGCHLD, 0, 0, 0); }

/* Signals are blocked that `mask` has; there are 64 of them, on both processors. */
static void kernel_block(const unsigned long *mask, unsigned long *before) {
    kernel_call(SIGPROCMASK, 2, (long)mask, (long)before, sizeof *mask);
}

/* The next of these signals, which are blocked. */
static long kernel_wait_for_signal(const unsigned long *mask) {
    return kernel_call(SIGTIMEDWAIT, (long)mask, 0, 0, sizeof *mask);
}

static void kernel_kill(long process, long signal) { kernel_call(KILL, process, signal, 0, 0); }

/* A child that has ended, any; 0 or less: none has. */
static long kernel_reap(int *status) { return kernel_call(WAIT4, -1, (long)status, 1, 0); }

static long kernel_getppid(void) { return kernel_call(GETPPID, 0, 0, 0, 0); }

/* As kernel_fork, but the new process is no child of this one: its parent is that of this process. */
static long kernel_fork_sibling(void) { return kernel_call(CLONE, SIGCHLD | 0x8000, 0, 0, 0); }

#define SIGKILL 9

/* The kernel sends this process KILL once its parent has ended; that outlives execve. */
static void kernel_end_with_parent(void) { kernel_call(PRCTL, 1, SIGKILL, 0, 0); }

static void kernel_setsid(void) { kernel_call(SETSID, 0, 0, 0, 0); }
static void kernel_chdir(const char *folder) { kernel_call(CHDIR, (long)folder, 0, 0, 0); }
static long kernel_read(int file, void *to, long size) { return kernel_call(READ, file, (long)to, size, 0); }
static void kernel_close(int file) { kernel_call(CLOSE, file, 0, 0, 0); }

/* Files from this number on. Linux 5.9; before it they stay open, and there are most often none. */
static void kernel_close_from(int file) { kernel_call(CLOSE_RANGE, file, -1, 0, 0); }

/* For reading; -100 is the working directory. */
static long kernel_open(const char *path) { return kernel_call(OPENAT, -100, (long)path, 0, 0); }
static long kernel_entries(int folder, void *to, long size) { return kernel_call(GETDENTS64, folder, (long)to, size, 0); }
static void kernel_symlink(const char *text, const char *path) { kernel_call(SYMLINKAT, (long)text, -100, (long)path, 0); }

/* Over a socket, without the signal that a write to one whose reader has gone brings. */
static void kernel_send(int socket, const void *from, long size) {
    struct { const void *from; unsigned long size; } part = {from, size};
    struct { void *name; unsigned long name_size; void *parts; unsigned long count; void *control; unsigned long control_size; long flags; }
        message = {0, 0, &part, 1, 0, 0, 0};
    kernel_call(SENDMSG, socket, (long)&message, 0x4000, 0);
}
