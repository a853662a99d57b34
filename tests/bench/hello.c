/*
 * The least a FastCGI program can do: says hello on the socket of its first argument, with as many processes as the second says.
 * What the portal is measured against, behind the same nginx.
 */
#include <fcgiapp.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void serve(int fd) {
    FCGX_Request request;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (FCGX_InitRequest(&request, fd, 0) != 0) exit(1);
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_FPrintF(request.out, "Content-Type: text/plain\r\n\r\nhello\n");
        FCGX_Finish_r(&request);
    }
    exit(0);
}

int main(int argc, char **argv) {
    int fd, n = argc > 2 ? atoi(argv[2]) : 2;

    if (argc < 2) {
        fprintf(stderr, "%s SOCKET [PROCESSES]\n", argv[0]);
        return 2;
    }
    FCGX_Init();
    umask(0);
    fd = FCGX_OpenSocket(argv[1], 1024);
    for (int i = 0; i < n; i++)
        if (fork() == 0) serve(fd);
    while (wait(NULL) > 0) continue;
    return 0;
}
