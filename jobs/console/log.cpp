#include "console/log.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace pool3::jobs {
namespace {

constexpr double terminal_interval_seconds = 0.2;
constexpr double log_interval_seconds = 5;
constexpr int bar_width = 30;

std::string now_text(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), format, &local);
  return text.data();
}

std::string bar(double part) {
  const int full = static_cast<int>(std::clamp(part, 0.0, 1.0) * bar_width);
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(bar_width - full), '.') + "]";
}

}  // namespace

std::string fixed(double value, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return text.data();
}

std::string scientific(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.1e", value);
  return text.data();
}

std::string number_text(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

std::string clock_text(double seconds) {
  const std::int64_t s = std::llround(std::max(seconds, 0.0));
  std::array<char, 64> text{};
  if (s >= 3600) {
    std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld", static_cast<long long>(s / 3600),
                  static_cast<long long>(s / 60 % 60), static_cast<long long>(s % 60));
  } else {
    std::snprintf(text.data(), text.size(), "%lld:%02lld", static_cast<long long>(s / 60),
                  static_cast<long long>(s % 60));
  }
  return text.data();
}

std::string bytes_text(double bytes) {
  static constexpr std::array<const char*, 6> units = {"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < units.size(); ++unit) bytes /= 1000;
  return fixed(bytes, unit == 0 ? 0 : 1) + " " + units.at(unit);
}

Log::Log(bool speaks, bool json, Metrics* metrics) : speaks_(speaks), json_(json), metrics_(metrics) {}

void Log::end_redrawn_line() {
  if (std::exchange(redrawing_, false)) std::fputc('\n', stderr);
}

void Log::line(const std::string& stage, const std::string& message, const Fields& fields) {
  if (!speaks_) return;
  end_redrawn_line();
  std::string text;
  if (json_) {
    nlohmann::ordered_json j = {{"time", now_text("%FT%T%z")}, {"stage", stage}, {"message", message}};
    for (const auto& [name, value] : fields) {
      const auto parsed = nlohmann::json::parse(value, nullptr, false);
      if (parsed.is_number()) {
        j[name] = parsed;
      } else {
        j[name] = value;
      }
    }
    text = j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  } else {
    text = now_text("%T ") + stage + ": " + message;
  }
  std::fprintf(stderr, "%s\n", text.c_str());
}

Progress::Progress(Log& log, std::string stage, std::string unit, std::int64_t total, std::int64_t before)
    : log_(&log),
      stage_(std::move(stage)),
      unit_(std::move(unit)),
      total_(total),
      before_(before),
      terminal_(!log.json() && isatty(STDERR_FILENO) == 1) {}

double Progress::seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void Progress::update(std::int64_t done, const std::string& note) {
  if (metrics_clock_.due()) measure(done, note);
  const double since = std::chrono::duration<double>(Clock::now() - shown_).count();
  if (since >= (terminal_ ? terminal_interval_seconds : log_interval_seconds)) show(done, note, false);
}

void Progress::finish(std::int64_t done, const std::string& note) {
  measure(done, note);
  show(done, note, true);
}

double Progress::rate(std::int64_t done) const {
  const double elapsed = seconds();
  return elapsed > 0 ? static_cast<double>(done - before_) / elapsed : 0;
}

void Progress::measure(std::int64_t done, const std::string& note) {
  if (!log_->speaks() || log_->metrics() == nullptr) return;
  const double pace = rate(done);
  log_->metrics()->progress({.stage = stage_,
                             .note = note,
                             .done = done,
                             .total = unit_.empty() ? 0 : total_,
                             .failed = failed,
                             .rate = pace,
                             .eta_seconds = pace > 0 ? static_cast<double>(total_ - done) / pace : -1,
                             .elapsed_seconds = seconds()});
}

std::string Progress::counts(std::int64_t done, bool last, Fields& fields) const {
  const double pace = rate(done);
  fields = {{"done", std::to_string(done)}, {"total", std::to_string(total_)}, {"rate", fixed(pace, 2)}};
  std::string text = std::to_string(done) + "/" + std::to_string(total_) + " " + unit_ + ", " + fixed(pace, 1) + "/s, ";
  if (last || pace == 0) return text + clock_text(seconds());
  const double eta = static_cast<double>(total_ - done) / pace;
  fields.emplace_back("eta_seconds", fixed(eta, 0));
  return text + "ETA " + clock_text(eta);
}

void Progress::show(std::int64_t done, const std::string& note, bool last) {
  if (!log_->speaks()) return;
  shown_ = Clock::now();
  Fields fields;
  std::string text = unit_.empty() ? clock_text(seconds()) : counts(done, last, fields);
  if (!note.empty()) text = unit_.empty() ? note + ", " + text : text + ", " + note;
  fields.emplace_back("elapsed_seconds", fixed(seconds(), 1));
  if (!terminal_ || last) {
    if (terminal_) std::fputs("\r\033[K", stderr);
    log_->redrawing_ = false;
    log_->line(stage_, text, fields);
    return;
  }
  const std::string drawn = total_ > 0 ? bar(static_cast<double>(done) / static_cast<double>(total_)) + " " : "";
  std::fprintf(stderr, "\r\033[K%s %s%s", stage_.c_str(), drawn.c_str(), text.c_str());
  std::fflush(stderr);
  log_->redrawing_ = true;
}

}  // namespace pool3::jobs
