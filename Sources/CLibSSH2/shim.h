#pragma once
#include <libssh2.h>
// Swift's Glibc module leaves these out.
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>

// libssh2_session_callback_set takes a data pointer, which Swift cannot make from a function in a typed way.
static inline void replay_session_set_send(LIBSSH2_SESSION *session, LIBSSH2_SEND_FUNC((*callback)))
{
    (void)libssh2_session_callback_set(session, LIBSSH2_CALLBACK_SEND, (void *)callback);
}

static inline void replay_session_set_receive(LIBSSH2_SESSION *session, LIBSSH2_RECV_FUNC((*callback)))
{
    (void)libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, (void *)callback);
}
