// Any bytes as the points that a search has kept, and as the state of its solver with its right key in front.

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <span>
#include <string>

#include "pool3/error.hpp"
#include "pool3/image.hpp"
#include "pool3/selection.hpp"
#include "support/temporary_folder.hpp"

namespace {

const pool3::SearchedBy by = {.features = {.weights_sha256 = "a", .precision = "fp32", .catalogue_hash = "c"},
                              .config = R"({"folds": 2})"};

/// MPI is never ended: the process may be, at any input.
void start_mpi() {
  static const auto* const session = [] {
    int count = 0;
    char** arguments = nullptr;
    return new pool3::MpiSession(count, arguments);
  }();
  static_cast<void>(session);
}

void write(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  start_mpi();
  static const pool3::Communicator comm = pool3::Communicator::world();
  static const pool3::test::TemporaryFolder folder;
  static const std::string out = folder / "s.json";
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  write(out + ".points", bytes);
  write(out + ".state-1-0", pool3::to_hex(pool3::content_key(std::as_bytes(std::span(bytes)))).append(bytes));
  const auto found = pool3::SearchJournal(comm, out, by).recall();
  if (!found.note.empty() && !found.memory.points.empty()) std::abort();
  if (!found.memory.state.empty() && found.memory.state != bytes) std::abort();
  return 0;
}
