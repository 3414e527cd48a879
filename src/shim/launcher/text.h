/* Texts without a C library. */
static long length(const char *text) {
    long n = 0;
    while (text[n]) n++;
    return n;
}

static int begins(const char *text, const char *start) {
    while (*start) if (*text++ != *start++) return 0;
    return 1;
}

static char *copy(char *to, const char *text) {
    while ((*to = *text++)) to++;
    return to;
}

static char *copy_number(char *to, long number) {
    char digits[24];
    int n = 0;
    do digits[n++] = '0' + number % 10; while (number /= 10);
    while (n > 0) *to++ = digits[--n];
    *to = 0;
    return to;
}

static long number_in(const char *text) {
    long number = 0;
    while (*text >= '0' && *text <= '9') number = number * 10 + *text++ - '0';
    return number;
}
