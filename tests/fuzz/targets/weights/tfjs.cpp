// Any bytes as the files of a TensorFlow.js folder: model.json, and after a zero byte the shard "b".

#include "weights/makers/tfjs.hpp"

#include <cstdint>

#include "pool3/error.hpp"
#include "support/temporary_folder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const pool3::test::TemporaryFolder folder;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view model = bytes.substr(0, bytes.find('\0'));
  folder.write("model.json", std::string(model));
  folder.write("b", std::string(model.size() < size ? bytes.substr(model.size() + 1) : ""));
  try {
    static_cast<void>(pool3::weights::read_tfjs(folder.path()));
  } catch (const pool3::Error&) {
    return 0;
  }
  return 0;
}
