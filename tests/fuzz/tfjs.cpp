// Any bytes as the files of a TensorFlow.js folder: the model file, and after a zero byte the shard "b".

#include "weights/makers/tfjs.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "pool3/error.hpp"
#include "weights/makers/base64.hpp"

namespace {

/// A folder that is gone when the program ends.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pool3_fuzz_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }
  void write(const char* name, std::string_view bytes) const { std::ofstream(path_ / name, std::ios::binary) << bytes; }

 private:
  std::filesystem::path path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view model = bytes.substr(0, bytes.find('\0'));
  static_cast<void>(pool3::decode_base64(model));
  const bool is_module = model.starts_with('!');
  std::filesystem::remove(folder.path() + (is_module ? "/model.json" : "/model.min.js"));
  folder.write(is_module ? "model.min.js" : "model.json", model);
  folder.write("b", model.size() < size ? bytes.substr(model.size() + 1) : "");
  try {
    static_cast<void>(pool3::read_tfjs(folder.path()));
  } catch (const pool3::Error&) {
    return 0;
  }
  return 0;
}
