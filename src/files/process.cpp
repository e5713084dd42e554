#include "pool3/files/process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <string_view>

namespace pool3 {

char process_state(int id) noexcept {
  std::array<char, 64> name{"/proc/"};
  constexpr std::size_t begin = 6;
  char* end = std::to_chars(name.data() + begin, name.data() + name.size(), id).ptr;
  std::string_view("/stat").copy(end, 5);
  const int file = open(name.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return '?';
  std::array<char, 512> text{};
  const ssize_t bytes = read(file, text.data(), text.size());
  close(file);
  const std::string_view line(text.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
  const std::size_t bracket = line.rfind(") ");  // the name of the program, which may hold any character, ends here
  return bracket == std::string_view::npos || bracket + 2 >= line.size() ? '?' : line[bracket + 2];
}

bool process_runs(int id) noexcept {
  if (id < 1 || (kill(id, 0) != 0 && errno == ESRCH)) return false;
  const char state = process_state(id);
  return state != 'Z' && state != 'X';
}

}  // namespace pool3
