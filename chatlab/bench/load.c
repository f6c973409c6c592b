/* The load generator of `lab bench`: many clients of a chat in one thread, and every line that they hear is checked.

   cc -O2 -o load load.c        Linux: epoll, timerfd, /proc

   It plays all clients of one run on 127.0.0.1 and prints one JSON object. Each line that it sends carries the number
   of its sender, its number among that sender's lines, the time, and a filling that follows from both numbers: so
   whoever hears the line can tell whether one before it is lost, whether it is torn, doubled or late, and how long it
   took. What stands before that text must be the sender's name, as the server told it when the sender joined.

   -P port     the server's port                  -p pid      the server's process, to tell what it used
   -c core     the core to run on                 -n clients  who listen (default 10)
   -s senders  how many of them talk (default 1)  -d seconds  how long they talk (default 1)
   -b lines    a sender sends so many at once, and the next when everyone has heard them (default 1: in step);
               0 is the flood: a sender sends whatever its connection takes
   -r rate     instead: so many lines a second in all, whether heard or not; a line's time counts from when it was due
   -z clients  more clients, who never read       -t seconds  the most that joining may take (default 20)
   -k          all connect at once, one line is sent, and that is all: a storm
   -i          speak IRC, in one channel                                                                           */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MARK = 2, NUMBER = 8, HEAD = MARK + 4 * NUMBER, TEXT = 63, FILLING = TEXT - HEAD }; /* bytes of a line's text */
enum { AT_ONCE = 50 };            /* connections on their way at the same time, but in a storm */
enum { SLOW_BUFFER = 4096 };      /* bytes that a client who never reads takes in all the same */
enum { SLOW_SEGMENT = 536 };      /* its segments, as small as on a network: for those of loopback, which are 64 KB, the
                                     kernel would take megabytes from the server before the client is felt to be slow */
enum { CHUNK = 65536 };           /* bytes that the flood hands to one send */
#define STALL 2500000000ull       /* ns in which nobody hears anything: the server stands still */
enum { SMALL_PIECE = 4096, PAUSE = 300000 }; /* bytes; ns */
#define LATE 250000000ull         /* ns in which a line that others have overtaken should come */
#define MS 1000000ull

enum state { CONNECTING, JOINING, HERE, GONE };
struct client {
    int fd, id;
    enum state state;
    int silent, waits_to_send;
    char name[64];                /* what the server puts in front of its lines, ": " and all */
    size_t name_length;
    char rest[8192];              /* the beginning of a line whose end is still to come */
    size_t rest_length;
    char *out;                    /* what the connection did not take yet */
    size_t out_from, out_to, out_size;
    uint32_t next;                /* number of its next line */
    uint64_t unheard;             /* deliveries of its lines that are still to come */
    uint64_t segments;            /* that brought data, when the run began */
};
struct heard {                    /* what one client has heard of one sender */
    uint32_t next;                /* the number that comes next */
    uint32_t before;              /* of the 32 before it: bit 0 is next - 1; 1 means heard */
};

static int port, pid, core = -1, clients = 10, senders = 1, burst = 1, silent, storm, irc;
static double seconds = 1, rate, patience = 20;

static struct client *all;
static struct heard *heard;       /* [listener][sender] */
static int poller, timer, joined, gone_clients, running;
static size_t received, receives; /* bytes, and in how many pieces, since the flood looked last */
static uint64_t sent, deliveries, missing, doubled, reordered, torn, echoed, notices, last_heard;
static char refused[100], torn_example[120];

static uint64_t nanoseconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void give_up(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

/* Latencies: 32 buckets between a power of two and the next, so a percentile is exact to 3 %. */

static uint64_t buckets[64 * 32], longest;

static void note_latency(uint64_t ns)
{
    int power = ns < 64 ? 0 : 58 - __builtin_clzll(ns); /* ns >> power is from 32 to 63, but for the smallest */
    buckets[power * 32 + (ns >> power)]++;
    if (ns > longest) longest = ns;
}

static double percentile(double share)
{
    uint64_t total = 0, below = 0;
    int i;
    for (i = 0; i < 64 * 32; i++) total += buckets[i];
    for (i = 0; i < 64 * 32; i++)
        if (below += buckets[i], total && below > share * total) break;
    if (i >= 64 * 32) return longest;
    int power = i < 64 ? 0 : i / 32 - 1;
    return (double)((uint64_t)(i - power * 32) << power);
}

/* A number is eight letters from @ to O, four bits each: all eight are read, and checked, at once. */

static void put_number(char *to, uint32_t number)
{
    for (int i = NUMBER; i--; number >>= 4) to[i] = 0x40 | (number & 15);
}

static int get_number(const char *from, uint32_t *number)
{
    uint64_t x;
    memcpy(&x, from, NUMBER);
    x = be64toh(x) ^ 0x4040404040404040;
    int valid = (x & 0xf0f0f0f0f0f0f0f0) == 0;
    x = (x | x >> 4) & 0x00ff00ff00ff00ff;
    x = (x | x >> 8) & 0x0000ffff0000ffff;
    *number = (uint32_t)(x | x >> 16);
    return valid;
}

/* The filling is one letter again and again, which follows from both numbers. */

static char letter(uint32_t sender, uint32_t number) { return 'a' + ((sender + number) & 15); }

static int is_filling(const char *from, char letter)
{
    uint64_t wanted = 0x0101010101010101 * (uint64_t)letter, x[4];
    memcpy(x, from, 24);
    memcpy(x + 3, from + FILLING - 8, 8); /* these overlap: 29 bytes */
    return !((x[0] ^ wanted) | (x[1] ^ wanted) | (x[2] ^ wanted) | (x[3] ^ wanted));
}

/* Sending */

static void listen_for(struct client *c, int to_send)
{
    if (c->waits_to_send == to_send) return;
    c->waits_to_send = to_send;
    struct epoll_event event = {(c->silent ? 0 : EPOLLIN) | (to_send ? EPOLLOUT : 0), {.ptr = c}};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
}

static void lose(struct client *c)
{
    if (c->state == GONE) return;
    c->state = GONE;
    epoll_ctl(poller, EPOLL_CTL_DEL, c->fd, NULL);
    if (!c->silent) gone_clients++;
}

static void send_out(struct client *c)
{
    while (c->out_from < c->out_to) {
        ssize_t n = send(c->fd, c->out + c->out_from, c->out_to - c->out_from, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            listen_for(c, 1);
            return;
        }
        if (n < 0) {
            lose(c);
            return;
        }
        c->out_from += n;
    }
    c->out_from = c->out_to = 0;
    listen_for(c, 0);
}

static void add(struct client *c, const char *bytes, size_t length)
{
    if (c->out_to + length > c->out_size) {
        c->out_size = 2 * (c->out_to + length) + 4096;
        if (!(c->out = realloc(c->out, c->out_size))) give_up("memory");
    }
    memcpy(c->out + c->out_to, bytes, length);
    c->out_to += length;
}

static const char *command = "PRIVMSG #chat :"; /* in front of every line in IRC */

static size_t line_length(void) { return (irc ? strlen(command) : 0) + TEXT + 1; }

static void add_line(struct client *c, uint64_t when)
{
    char text[TEXT + 1];
    memcpy(text, "~#", MARK);
    put_number(text + MARK, c->id);
    put_number(text + MARK + NUMBER, c->next);
    put_number(text + MARK + 2 * NUMBER, when >> 32);
    put_number(text + MARK + 3 * NUMBER, (uint32_t)when);
    memset(text + HEAD, letter(c->id, c->next), FILLING);
    text[TEXT] = '\n';
    if (irc) add(c, command, strlen(command));
    add(c, text, TEXT + 1);
    c->next++;
    c->unheard += clients - 1;
    sent++;
}

/* Hearing */

static int starts(const char *line, size_t length, const char *with)
{
    return length >= strlen(with) && !memcmp(line, with, strlen(with));
}

static int ends(const char *line, size_t length, const char *with)
{
    return length >= strlen(with) && !memcmp(line + length - strlen(with), with, strlen(with));
}

/* Whether the line is one of the server's own: "client 7 joined", "client 7 left", an error, goodbye. */
static int is_notice(const char *line, size_t length)
{
    if (irc) return !memmem(line, length, "PRIVMSG", 7);
    if (starts(line, length, "error: ") || (length == 7 && starts(line, length, "goodbye"))) return 1;
    size_t tail = ends(line, length, " joined") ? 7 : ends(line, length, " left") ? 5 : 0;
    if (!tail || !starts(line, length, "client ") || length <= 7 + tail) return 0;
    for (size_t i = 7; i < length - tail; i++)
        if (!isdigit((unsigned char)line[i])) return 0;
    return 1;
}

static void greeted(struct client *c, const char *line, size_t length)
{
    int n = 0;
    if (irc) {
        if (memmem(line, length, " 001 ", 5)) add(c, "JOIN #chat\r\n", 12), send_out(c);
        if (!memmem(line, length, " 366 ", 5)) return;
        n = snprintf(c->name, sizeof c->name, ":u%d!", c->id);
    } else if (starts(line, length, "you are ") && length < 8 + sizeof c->name - 3) {
        n = snprintf(c->name, sizeof c->name, "%.*s: ", (int)length - 8, line + 8);
    } else {
        if (starts(line, length, "error: ") && !*refused)
            snprintf(refused, sizeof refused, "%.*s", (int)length, line);
        return;
    }
    c->name_length = n;
    c->state = HERE;
    joined++;
}

static int is_from(const struct client *c, const char *line, size_t length)
{
    if (irc) return starts(line, length, c->name) && ends(line, length, command);
    return length == c->name_length && !memcmp(line, c->name, length);
}

struct said {
    uint32_t sender, number;
    uint64_t when;
};

/* Whether the line is whole and one that we sent; tells then which. */
static int is_ours(const char *line, size_t length, struct said *said)
{
    uint32_t high, low;
    if (length && line[length - 1] == '\r') length--;
    if (length < TEXT) return 0;
    const char *text = line + length - TEXT;
    if (memcmp(text, "~#", MARK) || !get_number(text + MARK, &said->sender) || said->sender >= (uint32_t)senders ||
        !get_number(text + MARK + NUMBER, &said->number) || !get_number(text + MARK + 2 * NUMBER, &high) ||
        !get_number(text + MARK + 3 * NUMBER, &low))
        return 0;
    said->when = (uint64_t)high << 32 | low;
    return is_filling(text + HEAD, letter(said->sender, said->number)) &&
           is_from(&all[said->sender], line, length - TEXT);
}

static void hear_other(struct client *c, const char *line, size_t length)
{
    if (length && line[length - 1] == '\r') length--;
    if (irc && starts(line, length, "PING ")) add(c, "PONG :chat\r\n", 12), send_out(c);
    if (c->state == JOINING)
        greeted(c, line, length);
    else if (is_notice(line, length))
        notices++;
    else if (running && !torn++)
        snprintf(torn_example, sizeof torn_example, "%.*s", (int)length, line);
}

static void hear(struct client *c, struct said said, uint64_t now)
{
    uint32_t sender = said.sender, number = said.number;
    if ((int)sender == c->id) {
        echoed += running;
        return;
    }
    struct heard *h = &heard[(size_t)c->id * senders + sender];
    uint32_t ahead = number - h->next;
    if (ahead < 1u << 31) {
        missing += ahead;
        h->before = ahead > 30 ? 1 : h->before << (ahead + 1) | 1;
        h->next = number + 1;
    } else {
        uint32_t back = h->next - 1 - number;
        if (back > 31 || h->before >> back & 1) {
            doubled++;
            return;
        }
        h->before |= 1u << back;
        reordered++;
        missing--;
    }
    if (!running) return;
    deliveries++;
    last_heard = now;
    all[sender].unheard--;
    note_latency(now > said.when ? now - said.when : 0);
}

static char buffer[1 << 18];

static void receive(struct client *c)
{
    memcpy(buffer, c->rest, c->rest_length);
    ssize_t got = recv(c->fd, buffer + c->rest_length, sizeof buffer - c->rest_length, MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) lose(c);
        return;
    }
    received += got;
    receives++;
    uint64_t now = nanoseconds();
    char *line = buffer, *from = buffer + c->rest_length, *end = from + got, *newline;
    struct said said;
    for (size_t length = 0;;) {
        /* Most lines are as long as the one before: to try that is cheaper than to look for the newline. */
        if (from == line && (size_t)(end - line) > length && line[length] == '\n' && is_ours(line, length, &said)) {
            hear(c, said, now);
        } else {
            if (!(newline = memchr(from, '\n', end - from))) break;
            length = newline - line;
            if (is_ours(line, length, &said))
                hear(c, said, now);
            else
                hear_other(c, line, length);
        }
        line = from = line + length + 1;
    }
    c->rest_length = end - line;
    if (c->rest_length > sizeof c->rest) { /* no line is as long as this */
        torn += running;
        c->rest_length = 0;
    }
    memcpy(c->rest, line, c->rest_length);
}

/* Joining */

static void open_connection(struct client *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int yes = 1, small = SLOW_BUFFER, short_segment = SLOW_SEGMENT;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if ((c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0) give_up("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (c->silent) {
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        setsockopt(c->fd, IPPROTO_TCP, TCP_MAXSEG, &short_segment, sizeof short_segment);
    }
    struct epoll_event event = {EPOLLOUT | (c->silent ? 0 : EPOLLIN), {.ptr = c}};
    c->state = CONNECTING;
    c->waits_to_send = 1;
    if (connect(c->fd, (void *)&address, sizeof address) < 0 && errno != EINPROGRESS) give_up("connect");
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event);
}

static void connected(struct client *c)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        lose(c);
        return;
    }
    c->waits_to_send = 1;
    listen_for(c, 0);
    c->state = c->silent ? HERE : JOINING;
    if (irc) {
        char hello[64];
        add(c, hello, snprintf(hello, sizeof hello, "NICK u%d\r\nUSER u%d 0 * :u\r\n", c->id, c->id));
        send_out(c);
        if (c->silent) add(c, "JOIN #chat\r\n", 12), send_out(c);
    }
}

/* Deal with what has come until `until` (ns), at least once; returns whether anything was heard. */
static int turn(uint64_t until)
{
    struct epoll_event events[512];
    uint64_t now = nanoseconds();
    int n = epoll_wait(poller, events, 512, until > now ? (int)((until - now) / MS) + 1 : 0), any = 0;
    for (int i = 0; i < n; i++) {
        struct client *c = events[i].data.ptr;
        if (!c) { /* the timer */
            uint64_t times;
            if (read(timer, &times, sizeof times) < 0 && errno != EAGAIN) give_up("timer");
            continue;
        }
        if (c->state == GONE) continue;
        if (c->state == CONNECTING) {
            connected(c);
            continue;
        }
        if (c->silent) { /* it is asked nothing but to hang up */
            if (events[i].events & (EPOLLHUP | EPOLLERR)) lose(c);
            continue;
        }
        if (events[i].events & EPOLLOUT) send_out(c);
        if (c->state != GONE && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c), any = 1;
    }
    return any;
}

static void wait_until_joined(uint64_t deadline)
{
    int started = 0, at_once = storm ? clients + silent : AT_ONCE;
    /* Those who never read come first: when the others are greeted, these are surely in. */
    for (int i = 0; i < silent; i++) open_connection(&all[clients + i]);
    while (joined < clients && !gone_clients && nanoseconds() < deadline) {
        while (started < clients && started - joined < at_once) open_connection(&all[started++]);
        turn(nanoseconds() + 50 * MS);
    }
}

static int have_heard(uint32_t lines)
{
    int n = 0;
    for (int i = 1; i < clients; i++) n += heard[(size_t)i * senders].next >= lines;
    return n;
}

/* Client 0 says a line until all the others have heard one: then all are in the server's list. */
static int wait_until_heard(uint64_t deadline)
{
    int n = 0;
    for (uint64_t again = 0; n < clients - 1 && nanoseconds() < deadline && !gone_clients;) {
        if (nanoseconds() >= again) {
            add_line(&all[0], nanoseconds());
            send_out(&all[0]);
            again = nanoseconds() + 500 * MS;
        }
        turn(again < deadline ? again : deadline);
        n = have_heard(storm ? 1 : all[0].next);
    }
    if (storm || n < clients - 1) return n;
    for (uint64_t quiet = nanoseconds() + 20 * MS; nanoseconds() < quiet && nanoseconds() < deadline;)
        if (turn(quiet)) quiet = nanoseconds() + 20 * MS; /* notices of who joined are still coming */
    return n;
}

/* What the server used */

struct usage {
    double cpu, busy;             /* CPU-seconds of the server, and of all that runs on this machine */
    long memory, threads;         /* kB at the peak */
    uint64_t switches;            /* how often one of its threads went to sleep */
};

static long from_status(const char *path, const char *field)
{
    char line[256];
    long value = 0;
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, field, strlen(field))) value = atol(line + strlen(field));
    fclose(file);
    return value;
}

static struct usage usage(void)
{
    struct usage u = {0};
    char path[300];
    struct timespec t;
    clockid_t clock;
    unsigned long long v[7] = {0};
    FILE *file = fopen("/proc/stat", "r");
    if (file) {
        if (fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu", v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6) == 7)
            u.busy = (v[0] + v[1] + v[2] + v[5] + v[6]) / (double)sysconf(_SC_CLK_TCK);
        fclose(file);
    }
    if (!pid) return u;
    if (!clock_getcpuclockid(pid, &clock) && !clock_gettime(clock, &t)) u.cpu = t.tv_sec + t.tv_nsec / 1e9;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    u.memory = from_status(path, "VmHWM:");
    u.threads = from_status(path, "Threads:");
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks && (task = readdir(tasks));) {
        if (!isdigit((unsigned char)task->d_name[0])) continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/status", pid, task->d_name);
        u.switches += from_status(path, "voluntary_ctxt_switches:");
    }
    if (tasks) closedir(tasks);
    return u;
}

/* Seconds in which this process could have run, and had to wait for its core. */
static double waited(void)
{
    unsigned long long ran, wait = 0;
    FILE *file = fopen("/proc/self/schedstat", "r");
    if (file && fscanf(file, "%llu %llu", &ran, &wait) != 2) wait = 0;
    if (file) fclose(file);
    return wait / 1e9;
}

static double own_cpu(void)
{
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

/* Segments that brought data to the listeners. A server that sends line by line makes one of each line: on loopback a
   segment holds up to 64 KB, so this is a count of its sends (a lower bound: the kernel may join what must wait). */
static uint64_t segments(int begin)
{
    uint64_t total = 0;
    for (int i = 0; i < clients; i++) {
        struct tcp_info info = {0};
        socklen_t size = sizeof info;
        if (all[i].state == GONE || getsockopt(all[i].fd, IPPROTO_TCP, TCP_INFO, &info, &size)) continue;
        if (begin) all[i].segments = info.tcpi_data_segs_in;
        total += info.tcpi_data_segs_in - all[i].segments;
    }
    return total;
}

/* In a flood nothing waits for one line: where they come one by one, let some come together. To take each at once would
   cost this process as much as it costs the server to send it. */
static void pause_for_small_pieces(void)
{
    if (receives && received / receives < SMALL_PIECE) {
        struct timespec pause = {0, PAUSE};
        nanosleep(&pause, NULL);
    }
    received = receives = 0;
}

/* The run */

static uint64_t due(uint64_t begin, uint64_t number) { return begin + (uint64_t)(number * 1e9 / rate); }

/* Send what is to be sent now; returns whether there is more to send at once. */
static int talk(uint64_t begin, uint64_t now)
{
    int more = 0;
    if (rate) {
        while (due(begin, sent) <= now) {
            struct client *c = &all[sent % senders];
            add_line(c, due(begin, sent));
            if (c->state == HERE && !c->waits_to_send) send_out(c);
        }
        uint64_t at = due(begin, sent);
        struct itimerspec alarm = {.it_value = {at / 1000000000, at % 1000000000}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &alarm, NULL);
        return 0;
    }
    for (int i = 0; i < senders; i++) {
        struct client *c = &all[i];
        if (c->state != HERE || c->out_to || (burst && c->unheard)) continue;
        if (burst)
            for (int k = 0; k < burst; k++) add_line(c, now);
        else
            while (c->out_to + line_length() <= CHUNK) add_line(c, now);
        send_out(c);
        more |= !burst && !c->out_to;
    }
    return more;
}

/* Lines that stand ready and were never begun to send: the server had no chance to lose them. */
static uint64_t unsent(void)
{
    uint64_t lines = 0;
    for (int i = 0; i < senders; i++) lines += (all[i].out_to - all[i].out_from) / line_length();
    return lines;
}

/* Whether the server hung up on those who never read: they read at last, a while, and see whether an end comes. */
static int hung_up(void)
{
    int n = 0;
    for (int i = clients; i < clients + silent; i++) {
        struct pollfd one = {all[i].fd, POLLIN, 0};
        ssize_t got = 1;
        for (long total = 0; total < 1 << 23 && poll(&one, 1, 200) == 1 && got > 0; total += got)
            got = recv(all[i].fd, buffer, sizeof buffer, MSG_DONTWAIT);
        n += got <= 0;
    }
    return n;
}

static void print_text(const char *name, const char *text)
{
    printf(", \"%s\": \"", name);
    for (; *text; text++) putchar(*text < 32 || *text > 126 || *text == '"' || *text == '\\' ? '?' : *text);
    putchar('"');
}

int main(int argc, char **argv)
{
    for (int o; (o = getopt(argc, argv, "P:p:c:n:s:d:b:r:z:t:ki")) != -1;) switch (o) {
        case 'P': port = atoi(optarg); break;
        case 'p': pid = atoi(optarg); break;
        case 'c': core = atoi(optarg); break;
        case 'n': clients = atoi(optarg); break;
        case 's': senders = atoi(optarg); break;
        case 'd': seconds = atof(optarg); break;
        case 'b': burst = atoi(optarg); break;
        case 'r': rate = atof(optarg); break;
        case 'z': silent = atoi(optarg); break;
        case 't': patience = atof(optarg); break;
        case 'k': storm = 1; break;
        case 'i': irc = 1; break;
        default: return 2;
    }
    if (!port || clients < 2 || senders < 1 || senders > clients || burst < 0 || rate < 0 || seconds <= 0) {
        fprintf(stderr, "see the top of load.c for the options\n");
        return 2;
    }
    if (core >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(core, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    signal(SIGPIPE, SIG_IGN);
    all = calloc(clients + silent, sizeof *all);
    heard = calloc((size_t)clients * senders, sizeof *heard);
    poller = epoll_create1(EPOLL_CLOEXEC);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (!all || !heard || poller < 0 || timer < 0) give_up("start");
    struct epoll_event tick = {EPOLLIN, {.ptr = NULL}};
    epoll_ctl(poller, EPOLL_CTL_ADD, timer, &tick);
    for (int i = 0; i < clients + silent; i++) all[i].id = i, all[i].silent = i >= clients;

    const char *end = "done";
    int heard_first = 0;
    uint64_t begin = nanoseconds(), deadline = begin + (uint64_t)(patience * 1e9), joined_at, heard_at;
    wait_until_joined(deadline);
    joined_at = nanoseconds();
    if (joined == clients && !gone_clients) heard_first = wait_until_heard(deadline);
    heard_at = nanoseconds();
    if (joined < clients || gone_clients) end = "join";
    else if (heard_first < clients - 1) end = "heard";

    sent = missing = doubled = reordered = torn = notices = 0;
    for (int i = 0; i < senders; i++) {
        all[i].unheard = 0;
        for (int k = 0; k < clients; k++) heard[(size_t)k * senders + i] = (struct heard){all[i].next, ~0u};
    }
    struct usage before = usage(), after;
    double cpu = own_cpu(), wait = waited();
    segments(1);
    uint64_t from = nanoseconds(), stop = from + (uint64_t)(seconds * 1e9), idle = 0, last = from, seen = 0;
    uint64_t drain = burst && !rate ? STALL : (uint64_t)(seconds * 1e9); /* ns to wait for what is on its way */
    last_heard = from;
    running = !storm && !strcmp(end, "done");
    while (running) {
        uint64_t now = nanoseconds();
        int talking = now < stop, more = talking && talk(from, now);
        if (!talking && deliveries + unsent() * (clients - 1) >= sent * (clients - 1)) break;
        if (gone_clients == clients) { end = "closed"; break; }
        /* A machine that stood still itself for a while must not be taken for a server that does. */
        idle = deliveries != seen ? 0 : idle + (now - last < 25 * MS ? now - last : 25 * MS);
        seen = deliveries;
        last = now;
        uint64_t accounted = deliveries + missing + unsent() * (clients - 1);
        if (!talking && idle > LATE && accounted >= sent * (clients - 1)) break; /* whoever misses a line, knows it */
        if (idle > STALL) { end = "stalled"; break; }
        if (now > stop + drain + (now - last_heard < LATE ? 0 : 4 * STALL)) {
            end = now - last_heard < STALL ? "unfinished" : "stalled";
            break;
        }
        if (!burst && !rate) pause_for_small_pieces();
        turn(more ? 0 : now + 10 * MS);
    }
    double share = own_cpu() - cpu;
    wait = waited() - wait;
    uint64_t to = nanoseconds();
    double took = (last_heard > from ? last_heard - from : to - from) / 1e9;
    after = usage();
    uint64_t arrived = segments(0), delivered = deliveries;
    sent -= unsent();
    /* Another line of each, after a standstill: whoever hears it has missed those before it. */
    for (int i = 0; i < senders && !strcmp(end, "stalled"); i++)
        if (all[i].state == HERE && !all[i].out_to) add_line(&all[i], to), send_out(&all[i]), sent--;
    if (running) /* 30 ms for whatever comes too much */
        for (uint64_t late = to + (strcmp(end, "stalled") ? 30 : 500) * MS; nanoseconds() < late;) turn(late);
    if (!strcmp(end, "done"))
        for (int i = 0; i < clients; i++) torn += running && all[i].rest_length > 0;

    double window = (to - from) / 1e9;
    printf("{\"end\": \"%s\", \"joined\": %d, \"heard_first\": %d, \"join_s\": %.6f, \"heard_s\": %.6f", end, joined,
           heard_first, (joined_at - begin) / 1e9, (heard_at - begin) / 1e9);
    printf(", \"sent\": %" PRIu64 ", \"deliveries\": %" PRIu64 ", \"seconds\": %.6f", sent, delivered, took);
    printf(", \"lost\": %" PRIu64 ", \"doubled\": %" PRIu64 ", \"reordered\": %" PRIu64 ", \"torn\": %" PRIu64
           ", \"echoed\": %" PRIu64 ", \"notices\": %" PRIu64 ", \"gone\": %d",
           missing, doubled, reordered, torn, echoed, notices, gone_clients);
    printf(", \"p50_ms\": %.6f, \"p99_ms\": %.6f, \"max_ms\": %.6f", percentile(0.5) / 1e6, percentile(0.99) / 1e6,
           longest / 1e6);
    printf(", \"server_cpu_s\": %.6f, \"server_share\": %.4f, \"load_share\": %.4f, \"load_wait\": %.4f",
           after.cpu - before.cpu, (after.cpu - before.cpu) / window, share / window, wait / window);
    printf(", \"others_share\": %.4f, \"memory_mb\": %.3f",
           (after.busy - before.busy - (after.cpu - before.cpu) - share) / window, after.memory / 1024.0);
    printf(", \"threads\": %ld, \"switches\": %" PRIu64 ", \"segments\": %" PRIu64, after.threads,
           after.switches - before.switches, arrived);
    printf(", \"hung_up\": %d", hung_up());
    print_text("refused", refused);
    print_text("torn_example", torn_example);
    printf("}\n");
    for (int i = 0; i < clients + silent; i++) { /* a reset: no thousand ports that wait for a minute */
        struct linger reset = {1, 0};
        if (all[i].fd > 0) setsockopt(all[i].fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), close(all[i].fd);
    }
    return 0;
}
