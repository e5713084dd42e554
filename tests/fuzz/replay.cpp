// The main of a fuzz target that is built without libFuzzer: runs it on every file of a folder, and on each with a byte
// changed here and there.
//   fuzz_NAME FOLDER

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& bytes) {
  static_cast<void>(LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

/// The input, about 500 prefixes of it, and about 1500 with one byte changed.
int run_with_changes(std::string bytes) {
  run(bytes);
  int runs = 1;
  const std::size_t step = bytes.size() / 500 + 1;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    run(bytes.substr(0, at));
    const char before = bytes[at];
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      bytes[at] = static_cast<char>(static_cast<unsigned char>(before) ^ flip);
      run(bytes);
    }
    bytes[at] = before;
    runs += 4;
  }
  return runs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "give the folder of inputs\n";
    return 2;
  }
  int files = 0;
  int runs = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[1])) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    runs += run_with_changes({std::istreambuf_iterator<char>(file), {}});
    ++files;
  }
  std::cout << files << " files, " << runs << " inputs\n";
  return files > 0 ? 0 : 1;
}
