#include "server/session.hpp"

#include <boost/asio/post.hpp>
#include <chrono>

#include "server/request_target.hpp"

namespace pool3::server {
namespace {

constexpr std::size_t header_bytes = 16384, piece_bytes = 65536;
constexpr double linger_seconds = 2;
constexpr const char* server_name = "pool3";

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

HttpResponse error_response(int status, const std::string& message) {
  HttpResponse response{.status = status, .body = R"({"error":")" + message + "\"}\n"};
  if (status == 503) response.headers.emplace_back("Retry-After", "2");
  return response;
}

/// What came is at fault, and not the connection.
bool is_of_http(beast::error_code ec) {
  return ec != http::error::end_of_stream && ec.category() == http::make_error_code(http::error::bad_method).category();
}

std::string text(beast::string_view view) { return {view.data(), view.size()}; }

}  // namespace

Session::Session(asio::ip::tcp::socket socket, std::string peer, Shared& shared)
    : stream_(std::move(socket)), peer_(std::move(peer)), shared_(shared), patience_(stream_.get_executor()) {
  shared_.sessions.insert(this);
  ++shared_.of_address[peer_];
  ++shared_.connections;
  ++shared_.accepted;
}

Session::~Session() {
  release_body();
  shared_.sessions.erase(this);
  if (--shared_.of_address[peer_] == 0) shared_.of_address.erase(peer_);
  --shared_.connections;
}

void Session::start() {
  beast::error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  wait_for_request();
}

void Session::drain() {
  if (at_work_) return;
  close();
}

void Session::expire_in(double seconds) { stream_.expires_after(milliseconds(seconds)); }

/// The time for a header begins with its first byte.
void Session::wait_for_request() {
  parser_.emplace();
  parser_->header_limit(header_bytes);
  parser_->body_limit(static_cast<std::uint64_t>(shared_.options.body_bytes));
  if (buffer_.size() > 0) return read_header({}, 0);
  expire_in(request_ == 0 ? shared_.options.header_seconds : shared_.options.idle_seconds);
  stream_.async_read_some(buffer_.prepare(piece_bytes), then(&Session::read_header));
}

void Session::read_header(beast::error_code ec, std::size_t bytes) {
  if (ec) return failed(ec);
  buffer_.commit(bytes);
  at_work_ = true;
  ++request_;
  expire_in(shared_.options.header_seconds);
  http::async_read_header(stream_, buffer_, *parser_, then(&Session::on_header));
}

void Session::on_header(beast::error_code ec, std::size_t /*bytes*/) {
  keep_alive_ = false;  // until the whole request is read
  if (ec == http::error::body_limit) return refuse(413, "the picture is larger than this server takes");
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow)
    return refuse(431, "the header is too long");
  if (ec && !is_of_http(ec)) return failed(ec);
  if (ec) {
    ++shared_.malformed;
    return refuse(400, "this is no HTTP request");
  }
  const auto& request = parser_->get();
  is_head_ = request.method() == http::verb::head;
  if (auto no = refusal()) return write(std::move(*no));
  expire_in(shared_.options.request_seconds);
  const bool waits = request.version() == 11 && beast::iequals(request[http::field::expect], "100-continue");
  if (waits) return say_continue();
  read_body({}, 0);
}

/// Why this header is enough to say no.
std::optional<HttpResponse> Session::refusal() const {
  const auto& request = parser_->get();
  const http::verb method = request.method();
  if (request.version() != 11 && request.version() != 10) return error_response(505, "HTTP/1.1 is spoken here");
  if (method != http::verb::get && method != http::verb::head && method != http::verb::post) {
    HttpResponse no = error_response(405, "GET and POST are known");
    no.headers.emplace_back("Allow", "GET, HEAD, POST");
    return no;
  }
  // A page of another site can lead a name of its own here, but no address. Browsers always say a name; what asks
  // whether a server is alive may speak HTTP/1.0, which needs none.
  // What stands in front of the path goes before it.
  const Target target = parse_target({request.target().data(), request.target().size()});
  const std::string host = target.authority.empty() ? text(request[http::field::host]) : target.authority;
  const std::size_t names = request.count(http::field::host);
  const bool one_name = names == 1 || (names == 0 && request.version() == 10);
  const bool is_ours =
      one_name && (host.empty() ? names == 0 : shared_.hosts.contains(host_name(host)) || is_address(host_name(host)));
  if (!is_ours) return error_response(421, "this server is not called that; see --host");
  const std::string origin = text(request[http::field::origin]);
  if (!origin.empty() && origin_host(origin) != host && !shared_.outside.contains(host_name(origin_host(origin))))
    return error_response(403, "pages of other sites may not ask");
  if (text(request["Sec-Fetch-Site"]) == "cross-site" && method == http::verb::post)
    return error_response(403, "pages of other sites may not ask");
  if (!target.path.starts_with('/')) return error_response(400, "the path begins with no /");
  if (method == http::verb::post && !parser_->content_length() && !parser_->chunked())
    return error_response(411, "send the length of the body");
  return std::nullopt;
}

void Session::say_continue() {
  continue_ = {http::status::continue_, 11};
  http::async_write(stream_, continue_, then(&Session::read_body));
}

void Session::read_body(beast::error_code ec, std::size_t /*bytes*/) {
  if (ec) return failed(ec);
  if (parser_->is_done()) return hand_over();
  http::async_read_some(stream_, buffer_, *parser_, then(&Session::on_body));
}

void Session::on_body(beast::error_code ec, std::size_t /*bytes*/) {
  if (ec == http::error::body_limit) return refuse(413, "the picture is larger than this server takes");
  if (ec && is_of_http(ec) && ec != http::error::partial_message) {
    ++shared_.malformed;
    return refuse(400, "the body is in no chunks of HTTP");
  }
  if (ec) return failed(ec);
  const auto size = static_cast<std::int64_t>(parser_->get().body().size());
  shared_.body_bytes += size - counted_;
  counted_ = size;
  if (shared_.body_bytes > shared_.options.all_bodies_bytes) {
    ++shared_.refused;
    return refuse(503, "too many pictures at once");
  }
  read_body({}, 0);
}

void Session::hand_over() {
  http::request<http::string_body> request = parser_->release();
  keep_alive_ = request.keep_alive() && !shared_.draining;
  says_keep_alive_ = request.version() < 11;
  Target target = parse_target({request.target().data(), request.target().size()});
  HttpRequest whole{.method = request.method() == http::verb::post ? "POST" : "GET",
                    .path = std::move(target.path),
                    .query = std::move(target.query),
                    .body = std::move(request.body()),
                    .from_own_page = request.count("X-Pool3") > 0};
  stream_.expires_never();
  patience_.expires_after(milliseconds(shared_.options.request_seconds));
  patience_.async_wait([self = shared_from_this(), number = request_](beast::error_code ec) {
    if (ec) return;
    self->keep_alive_ = false;
    ++self->shared_.timed_out;
    self->answer(number, error_response(503, "the answer takes too long"));
  });
  // A reply from another thread comes home through the executor. It does not keep the session: its end is here.
  shared_.handler(std::move(whole), [executor = stream_.get_executor(), session = weak_from_this(),
                                     number = request_](HttpResponse response) {
    asio::post(executor, [session, number, response = std::move(response)]() mutable {
      if (const auto self = session.lock()) self->answer(number, std::move(response));
    });
  });
}

/// Of late answers and second ones, nothing is left to say.
void Session::answer(std::uint64_t request, HttpResponse response) {
  if (request != request_ || response_ || !at_work_) return;
  patience_.cancel();
  write(std::move(response));
}

void Session::refuse(int status, const std::string& message) {
  keep_alive_ = false;
  write(error_response(status, message));
}

void Session::write(HttpResponse response) {
  response_.emplace();
  response_->version(11);
  response_->result(static_cast<unsigned>(response.status));
  response_->set(http::field::server, server_name);
  response_->set(http::field::content_type, response.type);
  response_->set("X-Content-Type-Options", "nosniff");
  response_->set("Referrer-Policy", "no-referrer");
  response_->set("Cross-Origin-Resource-Policy", "same-origin");
  response_->set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : response.headers) response_->set(name, value);
  response_->keep_alive(keep_alive_ && !shared_.draining);
  // A client of HTTP/1.0 that asked for it must be told, or it waits for the end of the connection.
  if (response_->keep_alive() && says_keep_alive_) response_->set(http::field::connection, "keep-alive");
  response_->content_length(response.body.size());
  if (!is_head_) response_->body() = std::move(response.body);
  expire_in(shared_.options.request_seconds);
  http::async_write(stream_, *response_, then(&Session::on_written));
}

void Session::on_written(beast::error_code ec, std::size_t /*bytes*/) {
  const bool go_on = response_->keep_alive();
  response_.reset();
  release_body();
  at_work_ = false;
  is_head_ = false;
  if (ec) return failed(ec);
  if (go_on && !shared_.draining) return wait_for_request();
  // What the client still sends is read away: to close over it would take the answer from the client.
  beast::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  expire_in(linger_seconds);
  lingered_ = 0;
  linger({}, 0);
}

void Session::linger(beast::error_code ec, std::size_t bytes) {
  lingered_ += bytes;
  if (ec || lingered_ > 2 * static_cast<std::size_t>(shared_.options.body_bytes)) return close();
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(piece_bytes), then(&Session::linger));
}

void Session::failed(beast::error_code ec) {
  if (ec == beast::error::timeout && at_work_) ++shared_.timed_out;
  at_work_ = false;
  close();
}

void Session::close() {
  patience_.cancel();
  stream_.close();
}

void Session::release_body() {
  shared_.body_bytes -= counted_;
  counted_ = 0;
}

}  // namespace pool3::server
