#pragma once
// Folders, files and weights for the tests of the network room.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "pool3/error.hpp"
#include "pool3/network.hpp"

namespace pool3::test {

/// A folder that is gone when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pool3_network_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] std::string path(const std::string& name = {}) const {
    return name.empty() ? path_.string() : (path_ / name).string();
  }
  [[nodiscard]] std::string write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Complete weights whose values follow from their place alone, of a size that keeps the activations' size (He et al.
/// 2015).
inline Weights made_up_weights() {
  Weights weights;
  weights.source = "made up";
  unsigned state = 1;
  const auto fill = [&](const std::string& name, std::vector<std::int64_t> shape, double variance) {
    std::size_t count = 1;
    for (const std::int64_t n : shape) count *= static_cast<std::size_t>(n);
    Tensor& tensor = weights.tensors[name] = {std::move(shape), std::vector<float>(count)};
    for (float& v : tensor.values) {
      state = state * 1664525U + 1013904223U;
      v = (static_cast<float>(state >> 8U) / 16777216.0F - 0.5F) * static_cast<float>(std::sqrt(12 * variance));
    }
  };
  for (const ConvolutionShape& s : convolution_shapes()) {
    fill(s.name + ".weight", {s.out_channels, s.in_channels, s.kernel_height, s.kernel_width},
         2.0 / (s.in_channels * s.kernel_height * s.kernel_width));
    fill(s.name + ".bias", {s.out_channels}, 0.01);
  }
  return weights;
}

/// The real weights, or nothing if this machine has none.
inline std::optional<std::string> real_weights_path() {
  const char* chosen = std::getenv("POOL3_WEIGHTS");
  const std::string path = chosen != nullptr ? chosen : POOL3_SOURCE_DIR "/weights/inception_v3.safetensors";
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

/// The error that `action` throws; a failure if it throws none.
inline ErrorFields error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.fields();
  }
  ADD_FAILURE() << "no error was thrown";
  return {};
}

}  // namespace pool3::test
