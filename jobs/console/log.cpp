#include "console/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* start_of_line = "\r\033[K";  // and nothing on it

}  // namespace

LogTarget LogTarget::standard_error() { return {.stream = &std::cerr, .terminal = isatty(STDERR_FILENO) == 1}; }

Log::Log(bool speaks, bool json, Metrics* metrics, LogTarget target)
    : speaks_(speaks), json_(json), metrics_(metrics), target_(std::move(target)) {}

std::string Log::now_text(const char* format) const {
  const std::time_t now = target_.clock.wall_time();
  std::tm local{};
  localtime_r(&now, &local);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), format, &local);
  return text.data();
}

std::string Log::json_line(const std::string& stage, const std::string& message, const Fields& fields) const {
  nlohmann::ordered_json j = {{"time", now_text("%FT%T%z")}, {"stage", stage}, {"message", utf8_text(message)}};
  for (const auto& [name, value] : fields) {
    const auto parsed = nlohmann::json::parse(value, nullptr, false);
    if (parsed.is_number()) {
      j[name] = parsed;
    } else {
      j[name] = utf8_text(value);
    }
  }
  return one_line_json(j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void Log::write(const std::string& text) const {
  target_.stream->clear();                // a disk that was full may have space again
  *target_.stream << text << std::flush;  // in one piece, so that lines of other programs don't cut it
}

void Log::line(const std::string& stage, const std::string& message, const Fields& fields) {
  if (!speaks_) return;
  std::string text = std::exchange(drawn_, false) ? "\n" : "";
  text +=
      json_ ? json_line(stage, message, fields) : fmt::format("{} {}: {}", now_text("%T"), stage, one_line(message));
  write(text + "\n");
}

void Log::draw(const std::string& text) {
  if (!speaks_) return;
  write(start_of_line + one_line(text));
  drawn_ = true;
}

void Log::erase_drawn() {
  if (std::exchange(drawn_, false)) write(start_of_line);
}

}  // namespace pool3::jobs
