#include "baselines/cnn/training_state.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include "pool3/files.hpp"
#include "pool3/image.hpp"

namespace pool3::baselines {
namespace {

constexpr const char* stage = "baseline";
constexpr std::size_t key_digits = 32;

std::string key_of(std::string_view bytes) { return to_hex(content_key(std::as_bytes(std::span(bytes)))); }

template <typename T>
void append(std::string& to, const T& value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <typename T>
void take(const std::string& from, std::size_t& at, T& value) {
  std::memcpy(&value, from.data() + at, sizeof value);
  at += sizeof value;
}

std::string bytes_of(const TrainingState& s) {
  std::string bytes;
  append(bytes, s.best_loss);
  for (const std::int64_t n : {s.epoch, s.steps, s.best_epoch}) append(bytes, n);
  for (const auto* numbers : {&s.parameters, &s.mean, &s.square, &s.best})
    bytes.append(reinterpret_cast<const char*>(numbers->data()), numbers->size() * sizeof(float));
  return bytes;
}

void set_from(const std::string& bytes, TrainingState& s) {
  std::size_t at = 0;
  take(bytes, at, s.best_loss);
  for (std::int64_t* n : {&s.epoch, &s.steps, &s.best_epoch}) take(bytes, at, *n);
  for (auto* numbers : {&s.parameters, &s.mean, &s.square, &s.best}) {
    std::memcpy(numbers->data(), bytes.data() + at, numbers->size() * sizeof(float));
    at += numbers->size() * sizeof(float);
  }
}

/// What is there after the key and the identity, or "" if these are not, or it has other than `size` bytes.
std::string sound_content(const std::string& path, const std::string& identity, std::size_t size) {
  const Descriptor file = try_open_own({stage, path}, O_RDONLY);
  const std::size_t head = key_digits + identity.size();
  if (!file.is_open() || file.size() != static_cast<std::int64_t>(head + size)) return {};
  std::string bytes(head + size, '\0');
  bytes.resize(file.read(0, std::as_writable_bytes(std::span(bytes))));
  if (bytes.size() < head || bytes.substr(0, key_digits) != key_of(std::string_view(bytes).substr(key_digits)))
    return {};
  return bytes.substr(key_digits, identity.size()) == identity ? bytes.substr(head) : std::string();
}

/// False for what no training leaves.
bool is_sound(const TrainingState& s) {
  const auto finite = [](const std::vector<float>& numbers) {
    return std::ranges::all_of(numbers, [](float v) { return std::isfinite(v); });
  };
  return s.epoch >= 0 && s.steps >= 0 && s.best_epoch >= 0 && s.best_epoch <= s.epoch && !std::isnan(s.best_loss) &&
         std::ranges::all_of(s.square, [](float v) { return v >= 0; }) && finite(s.parameters) && finite(s.mean) &&
         finite(s.square) && finite(s.best);
}

}  // namespace

bool Checkpoint::recall(TrainingState& state) const {
  if (path_.empty()) return false;
  const std::size_t size = bytes_of(state).size();
  std::string bytes;
  comm_.root_does([&] { bytes = sound_content(path_, identity_, size); });
  comm_.broadcast(bytes);
  if (bytes.size() != size) return false;
  TrainingState found = state;
  set_from(bytes, found);
  if (!is_sound(found)) return false;
  state = std::move(found);
  return true;
}

void Checkpoint::keep(const TrainingState& state) const {
  if (path_.empty()) return;
  comm_.root_does([&] {
    const std::string content = identity_ + bytes_of(state);
    write_whole_file({stage, path_}, key_of(content) + content, {.durable = false});
  });
}

}  // namespace pool3::baselines
