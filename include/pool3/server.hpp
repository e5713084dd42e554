#pragma once
// A small HTTP/1.1 server that holds out against slow, broken and hostile clients. What it answers is its owner's.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pool3 {

/// A whole request. Text comes from outside and may hold any bytes.
struct HttpRequest {
  std::string method;                                      ///< "GET" (also for HEAD) or "POST"
  std::string path;                                        ///< without the query: "/api/classify"; not decoded
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded
  std::string body;
  bool from_own_page = false;  ///< has the header X-Pool3, which no other site's page can set
  /// The first value of this name in the query, or "".
  [[nodiscard]] std::string parameter(const std::string& name) const;
};

struct HttpResponse {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  int port = 8080;                 ///< 0: any that is free
  std::vector<std::string> hosts;  ///< names beside localhost and the address that clients may call it by
  double header_seconds = 5;       ///< for a request's header, from its first byte
  double request_seconds = 30;     ///< for its body, and again for the answer
  double idle_seconds = 15;        ///< between two requests of a connection
  std::int64_t body_bytes = std::int64_t{20} << 20;
  std::int64_t all_bodies_bytes = std::int64_t{256} << 20;  ///< of all requests that are being read or answered
  int connections = 512;
  int connections_of_address = 128;
};

/// What happened since the start.
struct ServerCounts {
  std::int64_t connections = 0;  ///< open now
  std::int64_t accepted = 0, refused = 0, timed_out = 0, malformed = 0;
};

/// Takes requests until it is stopped.
class HttpServer {
 public:
  /// Called once for each request, from any thread.
  using Reply = std::function<void(HttpResponse)>;
  /// Called by the server's thread: must not wait. It may reply at once, or later from another thread; after
  /// `request_seconds` without a reply, the client gets 503.
  using Handler = std::function<void(HttpRequest, Reply)>;

  /// Listens from now on. Throws Error: no such address, the port is taken.
  HttpServer(ServerOptions options, Handler handler);
  ~HttpServer();  ///< REQUIRES: run() has returned, or was never called; no reply comes any more
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "http://127.0.0.1:8080".
  [[nodiscard]] std::string url() const;
  /// Serves until stop(); then returns when the requests at work are answered, or after `request_seconds`.
  void run();
  /// From any thread.
  void stop();
  /// From any thread.
  [[nodiscard]] ServerCounts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pool3
