/* A chat in C with epoll, one thread: about the least that a machine has to do.

   cc -O2 -o epoll epoll.c; ./epoll DESCRIPTOR

   DESCRIPTOR is that of a listener that is open already. State: for each client the beginning of a line, and the
   backlog that its socket did not take, without a bound. A round reads all that has come, then sends all the new lines
   to each client in one send; a talker gets them without its own. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct text {
    char *bytes;
    size_t length, size;
};
struct client {
    int fd, place, waits;
    char prefix[32];
    struct text rest, backlog;
    size_t own_from, own_to; /* its own lines among the news of this round */
};

static struct client **clients;
static int count, number, poller;
static struct text news;

static void add(struct text *to, const char *bytes, size_t length)
{
    if (to->length + length > to->size) {
        to->size = 2 * (to->length + length);
        if (!(to->bytes = realloc(to->bytes, to->size))) exit(1);
    }
    memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static void cut(struct text *from, size_t length)
{
    memmove(from->bytes, from->bytes + length, from->length -= length);
}

static void enter(int fd)
{
    int yes = 1;
    char greeting[48];
    struct client *c = calloc(1, sizeof *c);
    clients = realloc(clients, (count + 1) * sizeof *clients);
    if (!c || !clients) exit(1);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    c->fd = fd;
    c->place = count;
    clients[count++] = c;
    snprintf(c->prefix, sizeof c->prefix, "client %d: ", ++number);
    send(fd, greeting, snprintf(greeting, sizeof greeting, "you are client %d\n", number), MSG_DONTWAIT);
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &(struct epoll_event){EPOLLIN, {.ptr = c}});
}

static void leave(struct client *c)
{
    clients[c->place] = clients[--count];
    clients[c->place]->place = c->place;
    close(c->fd);
    free(c->rest.bytes);
    free(c->backlog.bytes);
    free(c);
}

static void send_to(struct client *c, struct iovec *parts)
{
    ssize_t sent = 0;
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (!c->backlog.length && parts[0].iov_len + parts[1].iov_len)
        sent = sendmsg(c->fd, &message, MSG_DONTWAIT);
    if (sent < 0) sent = 0; /* where the connection is broken, its end will be read */
    for (int i = 0; i < 2; i++) {
        size_t gone = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;
        sent -= gone;
        if (gone < parts[i].iov_len) add(&c->backlog, (char *)parts[i].iov_base + gone, parts[i].iov_len - gone);
    }
}

/* Put the whole lines that have come among the news, each with the prefix; returns 0 at the end of the connection. */
static int receive(struct client *c)
{
    static char buffer[65536];
    ssize_t got = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got <= 0) return 0;
    c->own_from = news.length;
    char *line = buffer, *end = buffer + got, *newline;
    while ((newline = memchr(line, '\n', end - line))) {
        add(&news, c->prefix, strlen(c->prefix));
        add(&news, c->rest.bytes, c->rest.length);
        add(&news, line, newline + 1 - line);
        c->rest.length = 0;
        line = newline + 1;
    }
    add(&c->rest, line, end - line);
    c->own_to = news.length;
    return 1;
}

int main(int argc, char **argv)
{
    int listener = argc == 2 ? atoi(argv[1]) : -1;
    struct epoll_event events[1024];
    signal(SIGPIPE, SIG_IGN);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    poller = epoll_create1(0);
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &(struct epoll_event){EPOLLIN, {.ptr = NULL}});
    puts("ready");
    fflush(stdout);
    for (;;) {
        int n = epoll_wait(poller, events, 1024, -1);
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (!c) {
                for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) enter(fd);
                continue;
            }
            if (events[i].events & EPOLLOUT) {
                ssize_t sent = send(c->fd, c->backlog.bytes, c->backlog.length, MSG_DONTWAIT);
                if (sent > 0) cut(&c->backlog, sent);
            }
            if (events[i].events & ~EPOLLOUT && !receive(c)) leave(c);
        }
        for (int i = 0; i < count; i++) {
            struct client *c = clients[i];
            struct iovec parts[2] = {{news.bytes, news.length}, {NULL, 0}};
            if (c->own_to) {
                parts[0].iov_len = c->own_from;
                parts[1] = (struct iovec){news.bytes + c->own_to, news.length - c->own_to};
            }
            c->own_from = c->own_to = 0;
            send_to(c, parts);
            if (c->waits != (c->backlog.length > 0)) {
                c->waits = !c->waits;
                int wanted = EPOLLIN | (c->waits ? EPOLLOUT : 0);
                epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &(struct epoll_event){wanted, {.ptr = c}});
            }
        }
        news.length = 0;
    }
}
