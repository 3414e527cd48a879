/* The system calls of the launcher and the entry of a program, for each processor that Node is built for. */
#if defined(__x86_64__)
#define WRITE 1
#define EXECVE 59
#define EXIT 60
#define SIGPROCMASK 14
#define GETPID 39
#define CLONE 56
#define WAIT4 61
#define KILL 62
#define SIGTIMEDWAIT 128

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
#define WRITE 64
#define EXECVE 221
#define EXIT 93
#define KILL 129
#define SIGPROCMASK 135
#define SIGTIMEDWAIT 137
#define GETPID 172
#define CLONE 220
#define WAIT4 260

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
