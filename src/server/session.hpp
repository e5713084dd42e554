#pragma once
// One connection: reads a request, hands it on, writes the answer, and again.

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <optional>
#include <string>

#include "pool3/server.hpp"
#include "server/connection_state.hpp"

namespace pool3::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

/// All calls come from the server's thread. Lives as long as something waits for it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  /// `shared` outlives it.
  Session(asio::ip::tcp::socket socket, std::string peer, Shared& shared);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start();
  /// Closes it unless a request is at work; then after its answer.
  void drain();

 private:
  using Response = http::response<http::string_body>;
  using Step = void (Session::*)(beast::error_code, std::size_t);

  /// What a completed operation calls: this session lives until then.
  auto then(Step step) {
    return [self = shared_from_this(), step](beast::error_code ec, std::size_t bytes) { ((*self).*step)(ec, bytes); };
  }
  void expire_in(double seconds);
  void wait_for_request();
  void read_header(beast::error_code ec, std::size_t bytes);
  void on_header(beast::error_code ec, std::size_t bytes);
  [[nodiscard]] std::optional<HttpResponse> refusal() const;
  void say_continue();
  void read_body(beast::error_code ec, std::size_t bytes);
  void on_body(beast::error_code ec, std::size_t bytes);
  void hand_over();
  void answer(std::uint64_t request, HttpResponse response);
  void refuse(int status, const std::string& message);
  void write(HttpResponse response);
  void on_written(beast::error_code ec, std::size_t bytes);
  void linger(beast::error_code ec, std::size_t bytes);
  void close();
  void release_body();
  void failed(beast::error_code ec);

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::string peer_;
  Shared& shared_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<Response> response_;
  http::response<http::empty_body> continue_;
  asio::steady_timer patience_;
  std::uint64_t request_ = 0;  ///< number of the one at work
  std::int64_t counted_ = 0;   ///< bytes of its body that `shared_` counts
  std::size_t lingered_ = 0;
  bool is_head_ = false, at_work_ = false, keep_alive_ = false, says_keep_alive_ = false;
};

}  // namespace pool3::server
