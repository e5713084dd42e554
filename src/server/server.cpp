#include "pool3/server.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/host_name.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>

#include "pool3/error.hpp"
#include "server/connection_state.hpp"
#include "server/request_target.hpp"
#include "server/session.hpp"

namespace pool3 {

using server::Session;
namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

constexpr const char* busy =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// As a URL has them.
std::string shown(const std::string& address, int port) {
  const bool is_v6 = address.find(':') != std::string::npos;
  return (is_v6 ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

}  // namespace

std::string HttpRequest::parameter(const std::string& name) const {
  const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
  return found == query.end() ? std::string() : found->second;
}

struct HttpServer::Impl {
  server::Shared shared;  // outlives what the context holds
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  asio::steady_timer pause{context}, patience{context};

  void listen() {
    const ServerOptions& options = shared.options;
    ErrorCode ec;
    const auto address = asio::ip::make_address(options.address == "localhost" ? "127.0.0.1" : options.address, ec);
    const auto port = static_cast<unsigned short>(options.port);
    const std::string place = shown(options.address, options.port);
    if (ec)
      throw Error(
          {.stage = "serve", .path = place, .cause = "this is no address", .advice = "give numbers: 127.0.0.1:8080"});
    const tcp::endpoint end(address, port);
    acceptor.open(end.protocol(), ec);
    if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor.bind(end, ec);
    if (!ec) acceptor.listen(tcp::acceptor::max_listen_connections, ec);
    if (ec) throw file_error("serve", place, ec.value(), "choose another with --listen");
    shared.hosts = {"localhost", "127.0.0.1", "[::1]"};
    for (const std::string& name : options.hosts) shared.outside.insert(server::host_name(name));
    shared.hosts.insert(shared.outside.begin(), shared.outside.end());
    if (!address.is_loopback()) add_own_names();
  }

  /// Whoever reaches the machine by its name may ask.
  void add_own_names() {
    ErrorCode ec;
    const std::string name = server::host_name(asio::ip::host_name(ec));
    if (ec || name.empty()) return;
    const std::string first = name.substr(0, name.find('.'));
    shared.hosts.insert({name, first, first + ".local"});
  }

  void accept() {
    acceptor.async_accept([this](ErrorCode ec, tcp::socket socket) {
      if (ec == asio::error::operation_aborted || !acceptor.is_open()) return;
      if (ec) return accept_later();
      take(std::move(socket));
      accept();
    });
  }

  /// There may be no descriptors left for now.
  void accept_later() {
    pause.expires_after(std::chrono::milliseconds(100));
    pause.async_wait([this](ErrorCode ec) {
      if (!ec) accept();
    });
  }

  void take(tcp::socket socket) {
    ErrorCode ec;
    const auto end = socket.remote_endpoint(ec);
    if (ec) return;
    const std::string peer = end.address().to_string();
    const auto known = shared.of_address.find(peer);
    const bool full = shared.connections >= shared.options.connections ||
                      (known != shared.of_address.end() && known->second >= shared.options.connections_of_address);
    if (!full) return std::make_shared<Session>(std::move(socket), peer, shared)->start();
    ++shared.refused;
    socket.non_blocking(true, ec);
    socket.write_some(asio::buffer(busy, std::char_traits<char>::length(busy)), ec);
  }

  void drain() {
    if (shared.draining) return;
    shared.draining = true;
    ErrorCode ignored;
    acceptor.close(ignored);
    pause.cancel();
    for (Session* session : std::set(shared.sessions)) session->drain();
    patience.expires_after(std::chrono::milliseconds(static_cast<std::int64_t>(shared.options.request_seconds * 1000)));
    patience.async_wait([this](ErrorCode ec) {
      if (!ec) context.stop();
    });
    watch();
  }

  /// Ends the patience with the last connection.
  void watch() {
    pause.expires_after(std::chrono::milliseconds(20));
    pause.async_wait([this](ErrorCode) {
      if (!shared.sessions.empty()) return watch();
      patience.cancel();
    });
  }
};

HttpServer::HttpServer(ServerOptions options, Handler handler) : impl_(std::make_unique<Impl>()) {
  impl_->shared.options = std::move(options);
  impl_->shared.handler = std::move(handler);
  impl_->listen();
}
HttpServer::~HttpServer() = default;

std::string HttpServer::url() const {
  const tcp::endpoint end = impl_->acceptor.local_endpoint();
  return "http://" + shown(end.address().to_string(), end.port());
}

void HttpServer::run() {
  impl_->accept();
  impl_->context.run();
}

void HttpServer::stop() {
  asio::post(impl_->context, [impl = impl_.get()] { impl->drain(); });
}

ServerCounts HttpServer::counts() const {
  const server::Shared& shared = impl_->shared;
  return {.connections = shared.connections,
          .accepted = shared.accepted,
          .refused = shared.refused,
          .timed_out = shared.timed_out,
          .malformed = shared.malformed};
}

}  // namespace pool3
