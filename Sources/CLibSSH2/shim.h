#pragma once
#include <libssh2.h>
// Swift's Glibc module leaves these two out.
#include <sys/eventfd.h>
#include <netinet/tcp.h>
