// Any bytes as what a client sends: through a socket, to a server that answers with what it was asked.

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>

#include "pool3/server.hpp"

namespace {

constexpr std::int64_t most_body = 4096;

/// What a handler gets is whole, and within the limits.
void answer(const pool3::HttpRequest& request, const pool3::HttpServer::Reply& reply) {
  if (request.method != "GET" && request.method != "POST") std::abort();
  if (request.path.empty() || request.path[0] != '/' || request.path.find('?') != std::string::npos) std::abort();
  if (static_cast<std::int64_t>(request.body.size()) > most_body) std::abort();
  reply({.body = request.path + request.parameter("top") + request.body});
}

/// Never ended: the process may be, at any input.
int port() {
  static const int number = [] {
    auto* const server = new pool3::HttpServer(
        {.port = 0, .header_seconds = 2, .request_seconds = 2, .body_bytes = most_body},
        [](const pool3::HttpRequest& request, const pool3::HttpServer::Reply& reply) { answer(request, reply); });
    std::thread([server] { server->run(); }).detach();
    const std::string url = server->url();
    return std::stoi(url.substr(url.rfind(':') + 1));
  }();
  return number;
}

class Client {
 public:
  Client() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(port()));
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};  // longer than the server's
    if (socket_ < 0 || setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        connect(socket_, reinterpret_cast<const sockaddr*>(&place), sizeof place) != 0)
      std::abort();
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { ::close(socket_); }
  /// Until the server has closed.
  [[nodiscard]] std::string answers(std::string_view sent) const {
    while (!sent.empty()) {
      const ssize_t count = ::send(socket_, sent.data(), sent.size(), MSG_NOSIGNAL);
      if (count <= 0) break;  // it has seen enough
      sent.remove_prefix(static_cast<std::size_t>(count));
    }
    ::shutdown(socket_, SHUT_WR);
    std::string all;
    std::array<char, 4096> piece{};
    ssize_t count = 0;
    while ((count = ::recv(socket_, piece.data(), piece.size(), 0)) > 0)
      all.append(piece.data(), static_cast<std::size_t>(count));
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) std::abort();  // it hangs
    return all;
  }

 private:
  int socket_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string all = Client().answers({reinterpret_cast<const char*>(data), size});
  if (!all.empty() && !all.starts_with("HTTP/1.1 ")) std::abort();
  return 0;
}
