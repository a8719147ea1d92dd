#pragma once

namespace foldlog::bench {

/// The rival of the HTTP side: a Beast server as its examples write it (coroutines, one thread), that answers a POST
/// with its body. Prints `ready http=… admin=-`, runs until SIGTERM.
int run_echo_server();

}  // namespace foldlog::bench
