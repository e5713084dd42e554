// The server against clients that are slow, cut off, or say what is no HTTP, on a real socket.

#include "pool3/server.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <optional>
#include <thread>

#include "pool3/error.hpp"

namespace pool3 {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Clock = std::chrono::steady_clock;

/// A connection that says whatever bytes.
class Client {
 public:
  explicit Client(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval wait{.tv_sec = 60, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(const std::string& bytes) const { static_cast<void>(is_sent(bytes)); }
  [[nodiscard]] bool is_sent(const std::string& bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  /// All that comes until the server closes, or until `end` has come; "timeout" at the end if neither does.
  [[nodiscard]] std::string receive(const std::string& end = {}) const {
    std::string all;
    std::array<char, 4096> piece{};
    while (end.empty() || all.find(end) == std::string::npos) {
      const ssize_t got = recv(socket_, piece.data(), piece.size(), 0);
      if (got == 0 || (got < 0 && errno == ECONNRESET)) return all;
      if (got < 0) return all + "timeout";
      all.append(piece.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  [[nodiscard]] bool connected() const { return connected_; }

 private:
  int socket_;
  bool connected_ = false;
};

/// A server on a thread of its own. /echo says the body, /never nothing, /twice may say more, /later replies from
/// another thread when it may.
class Server : public testing::Test {
 protected:
  void start(ServerOptions options) {
    options.port = 0;
    server_.emplace(options, [this](const HttpRequest& request, const HttpServer::Reply& reply) {
      if (request.path == "/never") {
        kept_.push_back(reply);
      } else if (request.path == "/twice") {
        kept_.push_back(reply);
        reply({.type = "text/plain", .body = "first"});
      } else if (request.path == "/later") {
        others_.emplace_back([this, reply] {
          may_reply_.wait(false);
          reply({.type = "text/plain", .body = "later"});
        });
        ++asked_later_;
        asked_later_.notify_all();
      } else {
        reply({.type = "text/plain", .body = request.method + " " + request.parameter("x") + request.body});
      }
    });
    thread_ = std::thread([this] { server_->run(); });
    const std::string url = server_->url();
    port_ = std::stoi(url.substr(url.rfind(':') + 1));
  }
  void TearDown() override {
    if (!server_) return;
    let_reply();
    server_->stop();
    thread_.join();
    for (std::thread& other : others_) other.join();
  }
  void let_reply() {
    may_reply_ = true;
    may_reply_.notify_all();
  }
  [[nodiscard]] std::string say(const std::string& bytes) const {
    Client client(port_);
    client.send(bytes);
    return client.receive();
  }

  std::atomic<bool> may_reply_ = false;
  std::atomic<int> asked_later_ = 0;
  std::optional<HttpServer> server_;
  std::thread thread_;
  std::vector<std::thread> others_;
  std::vector<HttpServer::Reply> kept_;
  int port_ = 0;
};

constexpr const char* host = "Host: localhost\r\n";
std::string get(const std::string& path, const std::string& headers = {}) {
  return "GET " + path + " HTTP/1.1\r\n" + host + headers + "\r\n";
}
std::string post(const std::string& path, const std::string& body, const std::string& headers = {}) {
  return "POST " + path + " HTTP/1.1\r\n" + host + headers + "Content-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}
constexpr const char* last = "Connection: close\r\n";

TEST_F(Server, AnswersAndKeepsTheConnection) {
  start({});
  Client client(port_);
  client.send(get("/a?x=1%202+3"));
  EXPECT_THAT(client.receive("GET 1 2 3"), StartsWith("HTTP/1.1 200"));
  client.send(post("/a", "body") + get("/later") + get("/b?x=end", last));  // three at once
  let_reply();
  const std::string rest = client.receive();
  EXPECT_THAT(rest, HasSubstr("POST body"));
  EXPECT_THAT(rest, HasSubstr("\r\n\r\nlater"));
  EXPECT_THAT(rest, EndsWith("GET end"));
}

TEST_F(Server, ASecondReplyIsNoAnswerToTheNextRequest) {
  start({});
  Client client(port_);
  client.send(get("/twice"));
  EXPECT_THAT(client.receive("first"), StartsWith("HTTP/1.1 200"));
  client.send(get("/later", last));
  asked_later_.wait(0);  // the next request waits for its own reply
  kept_.at(0)({.type = "text/plain", .body = "second"});
  let_reply();
  const std::string rest = client.receive();
  EXPECT_THAT(rest, EndsWith("\r\n\r\nlater"));
  EXPECT_THAT(rest, Not(HasSubstr("second")));
}

TEST_F(Server, WaitsForABodyThatItHasAgreedTo) {
  start({});
  Client client(port_);
  client.send("POST / HTTP/1.1\r\n" + std::string(host) + last + "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_THAT(client.receive("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  client.send("body");
  EXPECT_THAT(client.receive(), EndsWith("POST body"));
  // HTTP/1.0 knows no such answer.
  EXPECT_THAT(say("POST / HTTP/1.0\r\n" + std::string(host) + "Expect: 100-continue\r\nContent-Length: 4\r\n\r\nbody"),
              StartsWith("HTTP/1.1 200"));
}

TEST_F(Server, RefusesWhatIsNotForIt) {
  start({.hosts = {"Shoes.Example"}, .body_bytes = 1000});
  EXPECT_THAT(say("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(say("GET / HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(say("GET / HTTP/1.0\r\n\r\n"), Not(HasSubstr(" 421")));
  EXPECT_THAT(say("GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n"), HasSubstr(" 421"));
  EXPECT_THAT(say("GET / HTTP/1.1\r\nHost: shoes.example:443\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200"));
  for (const char* const address : {"127.0.0.1", "10.20.30.40:8080", "[fe80::1]:8080"})  // which no name leads to
    EXPECT_THAT(say("GET / HTTP/1.1\r\nHost: " + std::string(address) + "\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 200"))
        << address;
  EXPECT_THAT(say("GET / HTTP/1.1\r\nHost: 10.20.30.40.evil.example\r\n\r\n"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(say(post("/", "x", std::string("Origin: https://shoes.example:8443\r\n") + last)),
              StartsWith("HTTP/1.1 200"));  // of a proxy
  EXPECT_THAT(say(post("/", "x", "Origin: http://10.20.30.40\r\n")), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(say(post("/", "x", "Origin: http://evil.example\r\n")), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(say(post("/", "x", std::string("Origin: http://localhost\r\n") + last)), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(say("PUT / HTTP/1.1\r\n" + std::string(host) + "\r\n"), StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(say("POST / HTTP/1.1\r\n" + std::string(host) + "Content-Length: 1001\r\n\r\n"),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(say(post("/", std::string(5000, 'x'))), StartsWith("HTTP/1.1 413"));  // which was on its way already
  EXPECT_THAT(say("POST / HTTP/1.1\r\n" + std::string(host) + "\r\n"), StartsWith("HTTP/1.1 411"));
  EXPECT_THAT(say("hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(say(get("/", "X: " + std::string(40000, 'x') + "\r\n")), StartsWith("HTTP/1.1 431"));
  EXPECT_EQ(server_->counts().malformed, 1);
}

TEST_F(Server, TakesABodyInChunks) {
  start({.body_bytes = 1000});
  const std::string head = "POST / HTTP/1.1\r\n" + std::string(host) + last + "Transfer-Encoding: chunked\r\n";
  EXPECT_THAT(say(head + "\r\n4;name=value\r\nbody\r\n3\r\n of\r\n0\r\nTrailer: x\r\n\r\n"), EndsWith("POST body of"));
  Client client(port_);
  client.send(head + "Expect: 100-continue\r\n\r\n");
  EXPECT_THAT(client.receive("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  client.send("2\r\nbo");
  client.send("\r\n0\r\n\r\n");
  EXPECT_THAT(client.receive(), EndsWith("POST bo"));
  EXPECT_THAT(say(head + "\r\n3e9\r\n" + std::string(1001, 'x') + "\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(say(head + "\r\nzz\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(say(head + "Content-Length: 4\r\n\r\n4\r\nbody\r\n0\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(server_->counts().malformed, 2);
}

TEST_F(Server, TakesAWholeAddressAsAProxyIsAsked) {  // RFC 9112, 3.2.2
  start({.hosts = {"shoes.example"}});
  const std::string end = " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  EXPECT_THAT(say("GET http://localhost:8080/a?x=1" + end), EndsWith("GET 1"));
  EXPECT_THAT(say("GET HTTPS://Shoes.Example?x=2" + end), EndsWith("GET 2"));
  EXPECT_THAT(say("GET http://127.0.0.1/?x=3 HTTP/1.0\r\n\r\n"), EndsWith("GET 3"));
  // The address goes before the header Host, whichever of them is another's.
  EXPECT_THAT(say("GET http://localhost/?x=4 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
              EndsWith("GET 4"));
  EXPECT_THAT(say("GET http://evil.example/" + end), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(say("GET http://evil.example/ HTTP/1.0\r\n\r\n"), HasSubstr(" 421"));
  EXPECT_THAT(say("GET http://localhost/ HTTP/1.1\r\nConnection: close\r\n\r\n"), StartsWith("HTTP/1.1 421"));
  EXPECT_THAT(say("GET http:///" + end), StartsWith("HTTP/1.1 200"));  // nothing said: as the header says
  EXPECT_THAT(say("GET ftp://localhost/" + end), StartsWith("HTTP/1.1 400"));
}

TEST_F(Server, CutsOffWhoIsSlowWithTheHeader) {
  start({.header_seconds = 1, .idle_seconds = 200});
  EXPECT_EQ(say("GET / HT"), "");
  EXPECT_EQ(say(""), "");
  Client drop(port_);  // a byte at a time buys no time
  bool open = drop.is_sent("GET / HTTP/1.1\r\nX: ");
  for (int i = 0; i < 1000 && open; ++i) {
    open = drop.is_sent("y");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_FALSE(open);
  Client again(port_);
  again.send(get("/a"));
  EXPECT_THAT(again.receive("GET "), StartsWith("HTTP/1.1 200"));
  again.send("GET / HT");  // the second header has no more time than the first
  EXPECT_EQ(again.receive(), "");
  EXPECT_GE(server_->counts().timed_out, 2);  // a byte that comes at that very moment hides one
}

TEST_F(Server, CutsOffWhoIsSlowWithTheBodyAndWhoSaysNoMore) {
  start({.request_seconds = 0.5, .idle_seconds = 0.4});
  EXPECT_EQ(say("POST / HTTP/1.1\r\n" + std::string(host) + "Content-Length: 10\r\n\r\nbo"), "");
  EXPECT_THAT(say(get("/a")), EndsWith("GET "));  // and then no more requests
  EXPECT_THAT(say(get("/never")), StartsWith("HTTP/1.1 503"));
  EXPECT_EQ(server_->counts().timed_out, 2);
}

TEST_F(Server, BoundsConnectionsAndBodies) {
  start({.all_bodies_bytes = 100000, .connections = 3, .connections_of_address = 2});
  Client first(port_), second(port_);
  EXPECT_THAT(say(get("/")), StartsWith("HTTP/1.1 503"));
  first.send(get("/", last));
  EXPECT_THAT(first.receive(), StartsWith("HTTP/1.1 200"));
  second.send("POST / HTTP/1.1\r\n" + std::string(host) + "Content-Length: 200000\r\n\r\n" + std::string(150000, 'x'));
  EXPECT_THAT(second.receive(), HasSubstr("Retry-After"));
  EXPECT_GE(server_->counts().refused, 2);
}

TEST_F(Server, EndsWhenRequestsAtWorkAreAnswered) {
  constexpr double patience = 200;  // for requests at work
  start({.request_seconds = patience});
  Client idle(port_), busy(port_);
  idle.send(get("/"));
  EXPECT_THAT(idle.receive("GET "), StartsWith("HTTP/1.1 200"));
  busy.send(get("/later"));
  asked_later_.wait(0);
  server_->stop();
  EXPECT_EQ(idle.receive(), "");
  let_reply();
  EXPECT_THAT(busy.receive(), EndsWith("later"));
  const auto begin = Clock::now();
  thread_.join();
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(100));
  thread_ = std::thread([] {});
  EXPECT_FALSE(Client(port_).connected());
}

TEST(HttpServer, SaysWhyItCantListen) {
  const HttpServer first({.port = 0}, [](const HttpRequest&, const HttpServer::Reply&) {});
  const std::string url = first.url();
  ServerOptions taken{.port = std::stoi(url.substr(url.rfind(':') + 1))};
  EXPECT_THROW(HttpServer(taken, {}), Error);
  EXPECT_THROW(HttpServer({.address = "nowhere"}, {}), Error);
  try {
    const HttpServer never({.address = "fe80::1", .port = 8080}, {});  // of no interface
    ADD_FAILURE() << never.url();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("[fe80::1]:8080"));
  }
}

}  // namespace
}  // namespace pool3
