// The serve job: a page and an endpoint for pictures, until it is told to stop.

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <exception>
#include <thread>

#include "command.hpp"
#include "commands/serving/corrections.hpp"
#include "commands/serving/service.hpp"
#include "commands/serving/snapshot.hpp"
#include "console/output.hpp"
#include "pool3/server.hpp"
#include "setup/resource_shortage.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "serve";
constexpr std::int64_t mebibyte = std::int64_t{1} << 20;

volatile std::sig_atomic_t wants_end = 0, wants_reload = 0;
void on_signal(int number) { (number == SIGHUP ? wants_reload : wants_end) = 1; }

/// SIGTERM and Ctrl-C end the server in order, SIGHUP makes it read its files again.
class Signals {
 public:
  Signals() {
    wants_end = 0;
    wants_reload = 0;
    set(on_signal);
  }
  ~Signals() { set(SIG_DFL); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  static void set(void (*handler)(int)) {
    struct sigaction action {};
    action.sa_handler = handler;
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaction(number, &action, nullptr);
  }
};

/// Which file a name leads to, and when it was written.
std::array<std::int64_t, 4> identity(const std::string& path) {
  struct stat s {};
  if (path.empty() || stat(path.c_str(), &s) != 0) return {};
  return {static_cast<std::int64_t>(s.st_dev), static_cast<std::int64_t>(s.st_ino), s.st_mtim.tv_sec,
          s.st_mtim.tv_nsec};
}

/// The thread that the server runs on, until the end of this or of the server.
class ServerThread {
 public:
  explicit ServerThread(HttpServer& server) : server_(server), thread_([this] { run(); }) {}
  ~ServerThread() { stop(); }
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;
  [[nodiscard]] bool has_failed() const { return failed_; }
  /// Returns when requests at work are answered. Throws what has ended the server.
  void end() {
    stop();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void run() {
    try {
      server_.run();
    } catch (...) {
      failure_ = std::current_exception();
      failed_ = true;
    }
  }
  void stop() {
    if (!thread_.joinable()) return;
    server_.stop();
    thread_.join();
  }

  HttpServer& server_;
  std::exception_ptr failure_;
  std::atomic<bool> failed_ = false;
  std::thread thread_;
};

class ServeCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("model", files_.model, "model file: what pictures are");
    p.add_required("features", files_.features, "feature file: the catalogue whose pictures are shown");
    p.reads("model");
    p.reads("features");
    p.add("listen", listen_, "address and port; port 0 takes any that is free", std::string("127.0.0.1:8080"));
    p.add_words("host", options_.hosts, "other names that clients may call the server by, as behind a proxy", {});
    p.add("corrections", corrections_, "folder that keeps the pictures that people correct, with the labels they give",
          std::string());
    p.writes_folder("corrections", {"answers.jsonl"}, "answers.jsonl");
    p.add("most-corrections", most_corrections_, "pictures that this folder may hold", std::int64_t{10000});
    p.add("report", files_.report, "page of pool3 report, to be linked to", std::string());
    p.reads("report");
    p.add("metric", metric_, "of neighbours: cosine or euclidean", std::string("cosine"));
    p.add("weights", files_.network.weights, "the weights that the model's features were made with", std::string());
    p.reads("weights", ReadPath::Form::weights);
    declare_device(p, files_.network.device);
    p.add("batch", files_.network.batch, "most pictures of one call of the network", 16);
    p.add("threads", files_.network.threads, "threads that compute; 0: all cores", 0, Changes::nothing);
    p.group("Limits");
    p.add("max-pixels", files_.max_pixels, "larger pictures are refused", std::int64_t{67'108'864});
    p.add("max-body", body_mib_, "largest picture file, in MiB", std::int64_t{20});
    p.add("max-waiting", files_.waiting, "pictures that may wait for the network; more get 503 and Retry-After", 128);
    p.add("max-connections", options_.connections, "connections at a time", 512);
    p.add("max-connections-of-address", options_.connections_of_address, "connections at a time of one address", 128);
    p.add("max-header-seconds", options_.header_seconds, "time for the header of a request", 5.0);
    p.add("max-request-seconds", options_.request_seconds, "time for its body, and again for the answer", 30.0);
  }

  void check() const override {
    static_cast<void>(extractor_options(files_.network, {}));
    static_cast<void>(address());
    if (metric_ != "cosine" && metric_ != "euclidean") throw usage_error("--metric must be cosine or euclidean");
    if (body_mib_ < 1 || body_mib_ > 1024) throw usage_error("--max-body must be between 1 and 1024");
    if (files_.max_pixels < 1) throw usage_error("--max-pixels must be above 0");
    if (files_.waiting < 1 || options_.connections < 1 || options_.connections_of_address < 1 || most_corrections_ < 0)
      throw usage_error("a limit must be above 0");
    if (!(options_.header_seconds > 0 && options_.request_seconds > 0))
      throw usage_error("--max-header-seconds and --max-request-seconds must be above 0");
  }

  ExitCode run(const Context& context) override {
    if (context.comm.size() > 1)
      context.comm.all_do([] { throw usage_error("serve runs as one process", "start it without mpirun"); });
    const Signals signals;
    files_.metric = metric_ == "cosine" ? Metric::cosine : Metric::euclidean;
    files_.answer_seconds = options_.request_seconds;
    options_.hosts = words_of(options_.hosts);
    options_.body_bytes = body_mib_ * mebibyte;
    options_.all_bodies_bytes = std::max(options_.all_bodies_bytes, 4 * options_.body_bytes);
    std::tie(options_.address, options_.port) = address();
    context.comm.all_do([&] { serve(context); });
    return ExitCode::ok;
  }

 private:
  void serve(const Context& context) {
    Corrections corrections(corrections_, most_corrections_);
    remember();
    Service* service = nullptr;
    HttpServer server(options_, [&](HttpRequest request, HttpServer::Reply reply) {
      service->handle(std::move(request), std::move(reply));
    });
    Service own(read_snapshot(context.comm, files_, nullptr), corrections, options_.body_bytes);
    service = &own;
    own.count_with([&] { return server.counts(); });
    ServerThread thread(server);
    say_where(context, server, *own.snapshot());
    while (wants_end == 0 && !thread.has_failed()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      if (wants_reload != 0 || changed()) reload(context, own);
      own.let_go();
    }
    context.log.line(stage, "ending: requests at work are answered first");
    if (thread.has_failed()) end_soon(ExitCode::failed);  // requests that it will not answer may hold the service
    thread.end();
  }  // the service ends before the server, which its replies go through

  static void say_where(const Context& context, const HttpServer& server, const Snapshot& snapshot) {
    context.log.line(stage, fmt::format("{} rows, {} classes", snapshot.reader.rows(), snapshot.model.classes.size()));
    print_line(fmt::format("listening on {}/", server.url()));
    static_cast<void>(flush_output());
  }

  /// What the names led to when they were last read.
  void remember() {
    model_ = identity(files_.model);
    features_ = identity(files_.features);
    report_ = identity(files_.report);
  }

  /// Once a second: a new file behind a name, which stayed the same for a second. A file that is gone is no new one.
  bool changed() {
    if (++ticks_ % 10 != 0) return false;
    const std::array now = {identity(files_.model), identity(files_.features), identity(files_.report)};
    const bool differs = now != std::array{model_, features_, report_} && now[0][1] != 0 && now[1][1] != 0;
    const bool still = now == last_seen_;
    last_seen_ = now;
    return differs && still;
  }

  /// The old ones stay if the new can't be read.
  void reload(const Context& context, Service& service) {
    wants_reload = 0;
    remember();
    try {
      service.take_over(read_snapshot(context.comm, files_, service.snapshot()));
      context.log.line(stage, fmt::format("took over: {} rows, {} classes", service.snapshot()->reader.rows(),
                                          service.snapshot()->model.classes.size()));
    } catch (const std::exception& error) {
      service.reload_failed();
      context.log.line(stage, fmt::format("goes on with the old files: {}", one_line(error.what())));
    }
  }

  /// "127.0.0.1:8080", "[::1]:0". Throws usage Error.
  [[nodiscard]] std::pair<std::string, int> address() const {
    const std::size_t colon = listen_.rfind(':');
    int port = -1;
    if (colon != std::string::npos) {
      const char* const end = listen_.data() + listen_.size();
      const auto read = std::from_chars(listen_.data() + colon + 1, end, port);
      if (read.ec != std::errc() || read.ptr != end) port = -1;
    }
    if (port < 0 || port > 65535 || colon == 0)
      throw usage_error("--listen must be ADDRESS:PORT", "as 127.0.0.1:8080 or [::1]:8080");
    std::string host = listen_.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return {host, port};
  }

  SnapshotFiles files_{.network = {.batch = 16}};
  ServerOptions options_;
  std::string listen_, corrections_, metric_;
  std::int64_t body_mib_ = 20, most_corrections_ = 0;
  std::array<std::int64_t, 4> model_{}, features_{}, report_{};
  std::array<std::array<std::int64_t, 4>, 3> last_seen_{};
  std::int64_t ticks_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_serve() { return std::make_unique<ServeCommand>(); }

}  // namespace pool3::jobs
