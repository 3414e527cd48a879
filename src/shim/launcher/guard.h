/*
 * A command that does not outlive who supervises it. Node starts this program as `magnus-guard MODE PARENT FAILURE FILE
 * ARGUMENT...`, a session of its own, with a socket as file 3; it becomes the command (src/runtime/attempt/guard.ts).
 *
 * One process guards all commands of its Node: the first of them (MODE `first`) makes it, as another child of Node's. It
 * holds one end of the socket and reads from it which sessions run; Node, and for a moment each command that begins, hold
 * the other end. So the end of the stream tells that Node has ended, and no command can begin unseen: each (MODE `next`)
 * names itself before it lets go of its copy. Then all that belongs to the sessions is killed.
 *
 * A record is a number of 32 bits: N: the session N runs; -N: it is over, what it left behind may stay; N + KILL_NOW: what
 * belongs to it is to be killed.
 */
#define KILL_NOW 0x40000000
/* Sessions at a time; further ones end by the kernel's signal to their first process alone. */
#define MOST 16384

/* What a command that cannot be started leaves: the error's number, as the text of a symbolic link, made in one call. */
static void cannot_start(const char *failure, long error) {
    char text[24];
    copy_number(text, -error);
    kernel_symlink(text, failure);
    kernel_exit(error == -2 || error == -20 ? 127 : 126);
}

static long try_command(const char *file, char **argv, char **env, long argc) {
    long error = kernel_execve(file, argv, env);
    if (error != -8) return error;
    /* A text without `#!`: a script for sh, as execvp(3) has it. */
    char *script[argc + 2];
    script[0] = "/bin/sh";
    script[1] = (char *)file;
    for (long i = 1; i <= argc; i++) script[i + 1] = argv[i];
    return kernel_execve(script[0], script, env);
}

/* As execvp(3): along PATH where the name has no slash, past what is missing or forbidden. Gives the error. */
static long find_command(char **argv, char **env, long argc) {
    const char *name = argv[0];
    for (const char *at = name; *at; at++) if (*at == '/') return try_command(name, argv, env, argc);
    const char *path = "/bin:/usr/bin";
    for (char **each = env; *each; each++) if (begins(*each, "PATH=")) path = *each + 5;
    long told = -2;
    while (*name) {
        char file[LONGEST], *end = file;
        for (; *path && *path != ':'; path++) if (end - file < LONGEST / 2) *end++ = *path;
        if (end > file) *end++ = '/';
        if (length(name) < LONGEST / 2) {
            copy(end, name);
            long error = try_command(file, argv, env, argc);
            if (error == -13) told = error;
            /* ENOENT, EACCES, ENODEV, ENOTDIR, ETIMEDOUT, ESTALE */
            else if (error != -2 && error != -19 && error != -20 && error != -110 && error != -116) return error;
        }
        if (!*path++) break;
    }
    return told;
}

/* Of /proc/PID/stat: after the name in brackets, which may hold anything, the state, the parent, the group, the session. */
static int belongs_to(const char *pid, long session) {
    char file[64], stat[512];
    copy(copy(copy(file, "/proc/"), pid), "/stat");
    long open = kernel_open(file);
    if (open < 0) return 0;
    long n = kernel_read(open, stat, sizeof stat - 1);
    kernel_close(open);
    if (n <= 0) return 0;
    stat[n] = 0;
    while (n > 0 && stat[n] != ')') n--;
    int fields = 0;
    for (char *at = stat + n; *at; at++) {
        if (*at != ' ') continue;
        fields++;
        if (fields == 1 && (at[1] == 'Z' || at[1] == 'X')) return 0;
        if ((fields == 3 || fields == 4) && number_in(at + 1) == session) return 1;
    }
    return 0;
}

/* Kills what is in the session, in whatever group; gives how many there were. */
static int kill_members(long session) {
    int found = 0;
    long folder = kernel_open("/proc");
    if (folder < 0) return 0;
    char entries[8192] __attribute__((aligned(8)));
    for (long n; (n = kernel_entries(folder, entries, sizeof entries)) > 0;) {
        /* d_ino 8, d_off 8, d_reclen 2, d_type 1, d_name */
        for (long at = 0; at < n; at += *(unsigned short *)(entries + at + 16)) {
            const char *name = entries + at + 19;
            if (*name < '1' || *name > '9' || !belongs_to(name, session)) continue;
            kernel_kill(number_in(name), SIGKILL);
            found++;
        }
    }
    kernel_close(folder);
    return found;
}

static void end_session(long session) {
    kernel_kill(-session, SIGKILL);
    /* What forks meanwhile is found by the next look. */
    for (int looks = 0; looks < 20 && kill_members(session) > 0; looks++);
}

static int read_record(int *record) {
    for (long at = 0; at < 4;) {
        long n = kernel_read(3, (char *)record + at, 4 - at);
        if (n <= 0) return 0;
        at += n;
    }
    return 1;
}

static _Noreturn void guard(char **argv, char **env, int first) {
    unsigned long all = ~0UL;
    kernel_block(&all, 0);
    kernel_setsid();
    for (int file = 0; file < 3; file++) kernel_close(file);
    kernel_close_from(4);
    kernel_chdir("/");
    /* It shall not look like the command, nor show what that was given. */
    for (char **each = argv + 1; *each; each++) for (char *at = *each; *at;) *at++ = 0;
    for (char **each = env; *each; each++) for (char *at = *each; *at;) *at++ = 0;
    int sessions[MOST];
    int n = 0, record;
    sessions[n++] = first;
    while (read_record(&record)) {
        if (record >= KILL_NOW) end_session(record - KILL_NOW);
        else if (record > 0 && n < MOST) sessions[n++] = record;
        else if (record < 0) for (int i = 0; i < n; i++) if (sessions[i] == -record) sessions[i--] = sessions[--n];
    }
    while (n > 0) end_session(sessions[--n]);
    kernel_exit(0);
}

static _Noreturn void become_command(char **argv, char **env, long argc) {
    if (argc < 5) kernel_exit(126);
    int self = kernel_getpid();
    kernel_end_with_parent();
    if (kernel_getppid() != number_in(argv[2])) kernel_exit(126);
    if (!begins(argv[1], "first")) kernel_send(3, &self, sizeof self);
    else if (kernel_fork_sibling() == 0) guard(argv, env, self);
    kernel_close(3);
    cannot_start(argv[3], find_command(argv + 4, env, argc - 4));
    kernel_exit(126);
}
