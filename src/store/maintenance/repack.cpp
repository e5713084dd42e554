#include <fmt/format.h>

#include <algorithm>

#include "pool3/files.hpp"
#include "pool3/store/maintenance.hpp"
#include "store/features/linked_parts.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/dimensions.hpp"
#include "store/hdf5/hdf5.hpp"
#include "store/integrity/seal.hpp"
#include "store/provenance.hpp"
#include "store/row_pieces.hpp"

namespace pool3 {
namespace {

using store::Dataset;
using store::Handle;
using store::Part;

constexpr const char* stage = "repack features";

/// An HDF5 dataset that is written through HDF5, chunk by chunk. Call flush() at the end: the last chunks may fail,
/// too.
class Chunked {
 public:
  Chunked(const store::File& file, std::string name, Handle type, std::vector<hsize_t> dims,
          const RepackOptions& options)
      : place_(file.place()), name_(std::move(name)), type_(std::move(type)), dims_(std::move(dims)) {
    const Handle list = store::own(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, place_, name_);
    std::vector<hsize_t> chunk = dims_;
    chunk.front() =
        std::min(dims_.front(), static_cast<hsize_t>(dims_.size() > 1 ? options.chunk_rows : small_chunk_rows));
    store::check(H5Pset_obj_track_times(list.id(), false), place_, name_);
    if (dims_.front() > 0) {
      store::check(H5Pset_chunk(list.id(), static_cast<int>(chunk.size()), chunk.data()), place_, name_);
      if (options.compression > 0) {
        store::check(H5Pset_shuffle(list.id()), place_, name_);
        store::check(H5Pset_deflate(list.id(), static_cast<unsigned>(options.compression)), place_, name_);
      }
    }
    const Handle space =
        store::own(H5Screate_simple(static_cast<int>(dims_.size()), dims_.data(), nullptr), H5Sclose, place_, name_);
    id_ = store::own(H5Dcreate2(file.id(), name_.c_str(), type_.id(), space.id(), H5P_DEFAULT, list.id(), H5P_DEFAULT),
                     H5Dclose, place_, name_);
  }

  /// Rows as stored.
  void write(RowRange rows, std::span<const std::byte> bytes) const {
    const Handle space = store::own(H5Dget_space(id_.id()), H5Sclose, place_, name_);
    std::vector<hsize_t> start(dims_.size(), 0);
    std::vector<hsize_t> count = dims_;
    start.front() = static_cast<hsize_t>(rows.begin);
    count.front() = static_cast<hsize_t>(rows.size());
    store::check(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr), place_,
                 name_);
    const Handle memory =
        store::own(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr), H5Sclose, place_, name_);
    store::check(H5Dwrite(id_.id(), type_.id(), memory.id(), space.id(), H5P_DEFAULT, bytes.data()), place_, name_);
  }

  void flush() const { store::check(H5Dflush(id_.id()), place_, name_); }

 private:
  static constexpr std::int64_t small_chunk_rows = 65536;
  Place place_;
  std::string name_;
  Handle type_;
  std::vector<hsize_t> dims_;
  Handle id_;
};

/// Copies one table of every part; features are read block by block with their checksums.
void copy_table(const store::File& file, const std::vector<Part>& parts, const Dataset store::Tables::*table,
                const RepackOptions& options) {
  const Dataset* widest = &(parts.front().tables.*table);
  for (const Part& part : parts) {
    if ((part.tables.*table).row_bytes() > widest->row_bytes()) widest = &(part.tables.*table);
  }
  const std::int64_t all = parts.back().rows().end;
  const auto width = static_cast<std::size_t>(widest->row_bytes());
  const Chunked target(file, widest->name(), store::handle_of(widest->type()), {static_cast<hsize_t>(all)}, options);
  std::vector<std::byte> bytes;
  std::vector<std::byte> cells;
  for (const Part& part : parts) {
    const Dataset& source = part.tables.*table;
    const auto own = static_cast<std::size_t>(source.row_bytes());
    store::for_each_piece({0, source.rows()}, widest->row_bytes(), store::buffer_bytes, [&](RowRange rows) {
      const auto count = static_cast<std::size_t>(rows.size());
      bytes.resize(count * own);
      source.read_bytes(rows, bytes);
      cells.assign(count * width, std::byte{0});
      for (std::size_t i = 0; i < count; ++i) {
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * own), own,
                    cells.begin() + static_cast<std::ptrdiff_t>(i * width));
      }
      target.write({rows.begin + part.first_row, rows.end + part.first_row}, cells);
    });
  }
  target.flush();
}

void copy_features(const store::File& file, const FeatureReader& reader, const RepackOptions& options) {
  const Chunked target(file, "features", store::handle_of(store::feature_type(reader.type())),
                       {static_cast<hsize_t>(reader.rows()), static_cast<hsize_t>(reader.width())}, options);
  const auto row_bytes = static_cast<std::size_t>(reader.width() * element_bytes(reader.type()));
  // Whole chunks at a time, so that none is compressed twice.
  const std::size_t chunk = static_cast<std::size_t>(options.chunk_rows) * row_bytes;
  std::vector<std::byte> waiting;
  Row next = 0;
  const auto flush = [&](std::size_t bytes) {
    const Row end = next + static_cast<Row>(bytes / row_bytes);
    target.write({next, end}, std::span<const std::byte>(waiting).first(bytes));
    waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(bytes));
    next = end;
  };
  for (std::int64_t index = 0; index < reader.blocks(); ++index) {
    const std::size_t before = waiting.size();
    waiting.resize(before + static_cast<std::size_t>(reader.block(index).size()) * row_bytes);
    reader.read_stored(index, index + 1, std::span(waiting).subspan(before));
    while (waiting.size() >= chunk) flush(chunk);
  }
  if (!waiting.empty()) flush(waiting.size());
  target.flush();
}

/// Throws for a wrong checksum of a small table, or a value in it that can't be.
void check_small_tables(const FeatureReader& reader) {
  reader.check_tables(0, 1, FeatureReader::WithPaths::yes);
  store::for_each_piece({0, reader.rows()}, 1, std::int64_t{1} << 16, [&](RowRange rows) {
    static_cast<void>(reader.labels(rows));
    static_cast<void>(reader.status(rows));
    static_cast<void>(reader.keys(rows));
    static_cast<void>(reader.paths(rows));
  });
}

void write_copy(const Place& place, const std::string& in, const RepackOptions& options) {
  const FeatureReader reader(in);
  check_small_tables(reader);
  const std::vector<Part> parts = store::open_parts({stage, in});
  store::File file = store::File::create(place);
  for (const Dataset store::Tables::*table :
       {&store::Tables::labels, &store::Tables::paths, &store::Tables::keys, &store::Tables::status}) {
    copy_table(file, parts, table, options);
  }
  copy_features(file, reader, options);
  const Dataset& classes = parts.front().tables.classes;
  std::vector<std::byte> names(static_cast<std::size_t>(classes.bytes()));
  classes.read_bytes({0, classes.rows()}, names);
  file.create_dataset("classes", classes.type(), {static_cast<std::uint64_t>(classes.rows())})
      .write_bytes({0, classes.rows()}, names);
  store::name_dimensions(file);
  store::Attributes attributes;
  attributes["format"] = std::string(store::repacked_format);
  attributes["root"] = reader.root();
  store::put_provenance(attributes, "", reader.provenance());
  write_attributes(file, attributes);
  file.close();
  store::begin_seal(place, store::repacked_format, 1);
}

}  // namespace

void repack_features(const std::string& in, const std::string& out, const RepackOptions& options) {
  const Place place{stage, out};
  check_output(place);
  if (options.chunk_rows < 1 || options.chunk_rows > store::max_block_rows) {
    throw usage_error(fmt::format("rows of a chunk must be from 1 to {}", store::max_block_rows));
  }
  if (options.compression < 0 || options.compression > 9) throw usage_error("compression must be from 0 to 9");
  make_whole_file(place, [&](const Place& temporary) { write_copy(temporary, in, options); });
}

}  // namespace pool3
