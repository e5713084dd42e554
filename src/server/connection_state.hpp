#pragma once
// What the connections of a server share.

#include <atomic>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "pool3/server.hpp"

namespace pool3::server {

class Session;

/// But for the counts, of the server's thread alone.
struct Shared {
  ServerOptions options;
  HttpServer::Handler handler;
  std::set<std::string> hosts;    ///< that requests may name, beside addresses
  std::set<std::string> outside;  ///< those of them that a proxy has, at whatever port
  std::set<Session*> sessions;
  std::map<std::string, int> of_address;
  std::int64_t body_bytes = 0;  ///< of all requests
  bool draining = false;
  std::atomic<std::int64_t> connections = 0, accepted = 0, refused = 0, timed_out = 0, malformed = 0;
};

}  // namespace pool3::server
