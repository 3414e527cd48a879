/*
 * Starts the Node that `magnus-shim install` copied, in any Linux image: with the loader and the libraries beside it,
 * since the image may have none, or others, and no shell. Installed twice, as `magnus-shim` (the shim) and as `node`
 * (Node alone), it is told by the name of its own file. Static, without a C library; kernel.h has the system calls.
 * scripts/build-launcher.mjs compiles it; the programs are committed, since nobody needs a C compiler to build magnus.
 *
 * Exits with 127 or 126 where it cannot start Node, as shells do.
 *
 * Started as `magnus-guard` it becomes a command that ends with its Node (guard.h).
 *
 * As the first process of a container it stays, as its init: the kernel gives that process every orphan, and Node would
 * never ask how they ended, so that each stayed in the table of processes until there is no room for more.
 */
#include "kernel.h"
#include "text.h"

#define LONGEST 4096

#include "guard.h"

/* What the image says to its own programs must not reach this Node; the shim gives it back to the task. */
static const char saved[] = "MAGNUS_SAVED_";
static const char *const of_loader[] = {"LD_", "GLIBC_TUNABLES=", 0};
static const char *const of_node[] = {"NODE_OPTIONS=", "NODE_EXTRA_CA_CERTS=", "NODE_PATH=", "NODE_V8_COVERAGE=",
                                      "OPENSSL_CONF=", "OPENSSL_MODULES=", 0};

static int begins_with_any(const char *text, const char *const *starts) {
    for (; *starts; starts++) if (begins(text, *starts)) return 1;
    return 0;
}

static void say(const char *text) { kernel_write(2, text, length(text)); }

/* Renames variables in place; `room` takes the new texts. */
static void set_aside(char **env, const char *const *starts, char *room) {
    for (; *env; env++) {
        if (!begins_with_any(*env, starts)) continue;
        char *renamed = room;
        room = copy(copy(room, saved), *env) + 1;
        *env = renamed;
    }
}

static long room_for(char **env, const char *const *starts) {
    long size = 0;
    for (; *env; env++) if (begins_with_any(*env, starts)) size += length(*env) + sizeof saved;
    return size;
}

/* Ends as `main_child` ends, once it does; with it the kernel ends what is left in the container. */
static void reap_all(long main_child) {
    int status;
    long child;
    while ((child = kernel_reap(&status)) > 0) {
        if (child == main_child) kernel_exit(status & 127 ? 128 + (status & 127) : status >> 8 & 255);
    }
}

/* Returns in the process that is to become Node: this one where it is no init, or where there can be no other. */
static void stay_as_init(void) {
    if (kernel_getpid() != 1) return;
    unsigned long all = ~0UL, before;
    kernel_block(&all, &before);
    long child = kernel_fork();
    if (child <= 0) {
        kernel_block(&before, 0);
        return;
    }
    for (;;) {
        long signal = kernel_wait_for_signal(&all);
        if (signal == SIGCHLD) reap_all(child);
        else if (signal > 0) kernel_kill(child, signal);
    }
}

/* The kernel's stack: argc, the arguments, 0, the environment, 0. */
void start(long *stack) {
    long argc = *stack;
    char **argv = (char **)(stack + 1);
    char **env = argv + argc + 1;
    if (argc > 0 && begins(argv[0], "magnus-guard")) become_command(argv, env, argc);
    stay_as_init();

    char self[LONGEST];
    long n = kernel_readlink("/proc/self/exe", self, LONGEST - 32);
    if (n <= 0) {
        say("magnus-shim: /proc is not mounted; it tells where Node is\n");
        kernel_exit(127);
    }
    self[n] = 0;
    while (n > 0 && self[n - 1] != '/') n--;
    int is_node = begins(self + n, "node");
    self[n] = 0;

    char loader[LONGEST], libraries[LONGEST], node[LONGEST], shim[LONGEST];
    copy(copy(loader, self), "lib/ld.so");
    copy(copy(libraries, self), "lib");
    copy(copy(node, self), "lib/node");
    copy(copy(shim, self), "start.cjs");

    char *args[argc + 8];
    long k = 0;
    args[k++] = loader;
    args[k++] = "--inhibit-cache";
    args[k++] = "--library-path";
    args[k++] = libraries;
    args[k++] = node;
    if (!is_node) args[k++] = shim;
    for (long i = 1; i < argc; i++) args[k++] = argv[i];
    args[k] = 0;

    char of_loader_room[room_for(env, of_loader) + 1];
    set_aside(env, of_loader, of_loader_room);
    char of_node_room[room_for(env, of_node) + 1];
    if (!is_node) set_aside(env, of_node, of_node_room);

    long error = kernel_execve(loader, args, env);
    say("magnus-shim: cannot start ");
    say(loader);
    say(error == -2 ? ": it is not there\n" : error == -13 ? ": no permission, or mounted noexec\n" : "\n");
    kernel_exit(error == -2 ? 127 : 126);
}
