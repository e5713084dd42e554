#include "files/temporaries.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

#include "pool3/files.hpp"
#include "pool3/files/process.hpp"
#include "pool3/text.hpp"
#include "pool3/text/utf8.hpp"

namespace pool3::files {
namespace {

constexpr std::string_view ending = ".tmp";
constexpr std::size_t random_digits = 16;
constexpr std::size_t longest_host = 32;
constexpr std::size_t longest_name = 255;
/// After ".HOST", with the digits of any process.
constexpr std::size_t tail_bytes = 1 + 10 + 1 + random_digits + ending.size();
constexpr std::int64_t silence_seconds = 86400;

/// A number of the space in which this process's id counts; containers may share a host's name, but not that.
ino_t pid_space() {
  struct stat info {};
  return stat("/proc/self/ns/pid", &info) == 0 ? info.st_ino : 0;
}

/// This host, as it stands in names.
std::string host_field() {
  constexpr ino_t pid_space_of_hosts = 0xEFFFFFFC;  // of every Linux; see ioctl_ns(2)
  std::array<char, 256> name{};
  static_cast<void>(gethostname(name.data(), name.size() - 1));
  std::string host = name.data();
  host.resize(std::min({host.size(), longest_host, host.find('.')}));
  std::erase_if(host, [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_'; });
  const ino_t space = pid_space();
  return space == pid_space_of_hosts || space == 0 ? host : fmt::format("{}+{}", host, space);
}

std::string random_field() {
  std::random_device device;
  return fmt::format("{:08x}{:08x}", device(), device());
}

std::string name_in(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

/// What the names of all temporaries of `path` begin with, for writers of any host.
std::string prefix_of(const std::string& path) {
  constexpr std::size_t room = longest_name - tail_bytes - 2 - longest_host - 22;
  return std::string(utf8_beginning(name_in(path), room)) + ".";
}

/// Who writes under a name.
struct Writer {
  std::string_view host;
  pid_t pid = 0;
};

/// Cuts the part behind the last '.' off `text`.
std::string_view take_last(std::string_view& text) {
  const std::size_t dot = text.find_last_of('.');
  if (dot == std::string_view::npos) return {};
  const std::string_view last = text.substr(dot + 1);
  text = text.substr(0, dot);
  return last;
}

/// Nothing for a name that temporary_name() does not make. `name` outlives it.
std::optional<Writer> writer_in(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with(ending)) return std::nullopt;
  if (name.size() < prefix.size() + ending.size()) return std::nullopt;
  std::string_view fields = name.substr(prefix.size(), name.size() - prefix.size() - ending.size());
  const std::string_view random = take_last(fields);
  const std::string_view pid = take_last(fields);
  if (random.size() != random_digits || random.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return std::nullopt;
  const auto number = parse_number<decltype(Writer::pid)>(pid);
  if (!number || *number <= 0 || fields.find('.') != std::string_view::npos) return std::nullopt;
  return Writer{.host = fields, .pid = *number};
}

bool is_dead(const Writer& writer, const struct stat& file, const std::string& host) {
  if (std::time(nullptr) - file.st_mtime > silence_seconds) return true;
  return writer.host == host && !process_runs(writer.pid);
}

void remove_dead(const std::string& path) {
  const std::string prefix = prefix_of(path);
  const std::string host = host_field();
  std::vector<std::string> dead;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder_of(path), error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const auto writer = writer_in(name, prefix);
    struct stat info {};
    if (!writer || lstat(entry->path().c_str(), &info) != 0 || info.st_uid != geteuid()) continue;
    if (!S_ISDIR(info.st_mode) && is_dead(*writer, info, host)) dead.push_back(entry->path().string());
  }
  for (const std::string& file : dead) unlink(file.c_str());
}

}  // namespace

std::string temporary_name(const std::string& path) {
  const std::string folder = path.substr(0, path.size() - name_in(path).size());
  return fmt::format("{}{}{}.{}.{}{}", folder, prefix_of(path), host_field(), getpid(), random_field(), ending);
}

void remove_dead_temporaries(const std::string& path) noexcept {
  try {
    remove_dead(path);
  } catch (const std::exception&) {  // want of memory: they stay
  }
}

}  // namespace pool3::files
