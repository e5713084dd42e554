#include "store/features/failure_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "pool3/numbers/byte_reader.hpp"
#include "pool3/text/utf8.hpp"
#include "store/format_names.hpp"
#include "store/hdf5/strings.hpp"
#include "store/integrity/checksum.hpp"
#include "store/row_pieces.hpp"

namespace pool3::store {
namespace {

/// Longer messages are cut: one cell width serves all rows.
constexpr std::size_t max_message_bytes = 500;

/// The string columns, in their order behind the row number.
constexpr std::array<const char*, 4> columns = {"path", "stage", "code", "message"};

struct Cells {
  std::array<std::size_t, 4> widths = {1, 1, 1, 1};
  bool utf8 = true;
  [[nodiscard]] std::size_t row_bytes() const { return 8 + widths[0] + widths[1] + widths[2] + widths[3]; }
};

std::array<std::string, 4> texts_of(const Failure& failure) {
  return {failure.path, std::string(stage_of(failure.status)), std::string(to_string(failure.status)), failure.message};
}

/// One line of bounded length.
std::string short_message(const std::string& message) {
  return std::string(utf8_beginning(one_line(message), max_message_bytes));
}

Cells cells_of(const std::vector<Failure>& failures) {
  std::array<CellShape, 4> shapes;
  for (const Failure& failure : failures) {
    const auto texts = texts_of(failure);
    for (std::size_t i = 0; i < 4; ++i) shapes[i].see(texts[i]);
  }
  Cells cells;
  for (std::size_t i = 0; i < 4; ++i) {
    cells.widths[i] = shapes[i].width();
    cells.utf8 = cells.utf8 && shapes[i].utf8();
  }
  return cells;
}

Hdf5Type type_of(const Cells& cells) {
  using Kind = Hdf5Type::Kind;
  Hdf5Type type{.kind = Kind::compound, .bytes = static_cast<std::uint32_t>(cells.row_bytes()), .members = {}};
  type.members.push_back({.name = "row", .at = 0, .kind = Kind::integer, .bytes = 8});
  std::uint64_t offset = 8;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    type.members.push_back({.name = columns[i],
                            .at = offset,
                            .kind = cells.utf8 ? Kind::utf8 : Kind::ascii,
                            .bytes = static_cast<std::uint32_t>(cells.widths[i])});
    offset += cells.widths[i];
  }
  return type;
}

/// The widths that a stored type has, as far as it has them.
Cells stored_cells(const Dataset& table) {
  Cells cells;
  const auto& members = table.type().members;
  if (members.size() != columns.size() + 1) return cells;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    cells.widths[i] = members[i + 1].bytes;
    cells.utf8 = members[i + 1].kind == Hdf5Type::Kind::utf8;
  }
  return cells;
}

void append_entry(std::string& out, const Failure& failure, const Cells& cells) {
  out.append(8, '\0');
  std::memcpy(out.data() + out.size() - 8, &failure.row, 8);
  const auto texts = texts_of(failure);
  for (std::size_t i = 0; i < 4; ++i) append_cell(out, texts[i], cells.widths[i]);
}

RowStatus status_named(std::string_view name, const Place& place) {
  const auto* found = std::find(row_status_names.begin(), row_status_names.end(), name);
  const auto status = static_cast<RowStatus>(found - row_status_names.begin());
  if (found == row_status_names.end() || status == RowStatus::pending || status == RowStatus::done) {
    throw error_at(place, "failures: a code that no failed row has", damaged_advice);
  }
  return status;
}

Failure parse_entry(std::string_view entry, const Cells& cells, const Place& place) {
  Failure failure;
  std::memcpy(&failure.row, entry.data(), 8);
  entry.remove_prefix(8);
  failure.path = cell_text(entry.substr(0, cells.widths[0]));
  entry.remove_prefix(cells.widths[0] + cells.widths[1]);
  failure.status = status_named(cell_text(entry.substr(0, cells.widths[2])), place);
  failure.message = cell_text(entry.substr(cells.widths[2]));
  return failure;
}

void put_number(std::string& out, std::int64_t number) {
  out.append(8, '\0');
  std::memcpy(out.data() + out.size() - 8, &number, 8);
}

/// Bytes that encode_failures() did not write.
struct NoFailures {
  [[noreturn]] void operator()() const { throw NoFailures(); }
};
using Reader = ByteReader<NoFailures>;

std::string take_text(Reader& reader) { return std::string(reader.take(reader.take<std::uint64_t>())); }

RowStatus take_status(Reader& reader) {
  const auto value = reader.take<std::int64_t>();
  const bool failed =
      value > static_cast<std::int64_t>(RowStatus::done) && value < static_cast<std::int64_t>(row_status_names.size());
  if (!failed) throw NoFailures();
  return static_cast<RowStatus>(value);
}

}  // namespace

std::string encode_failures(std::span<const Failure> failures) {
  std::string bytes;
  for (const Failure& failure : failures) {
    put_number(bytes, failure.row);
    put_number(bytes, static_cast<std::int64_t>(failure.status));
    for (const std::string* text : {&failure.path, &failure.message}) {
      put_number(bytes, static_cast<std::int64_t>(text->size()));
      bytes += *text;
    }
  }
  return bytes;
}

bool decode_failures(std::string_view bytes, std::vector<Failure>& failures) {
  const std::size_t before = failures.size();
  try {
    Reader reader(bytes);
    while (reader.left() > 0) {
      Failure& failure = failures.emplace_back();
      failure.row = reader.take<std::int64_t>();
      failure.status = take_status(reader);
      failure.path = take_text(reader);
      failure.message = take_text(reader);
    }
    return true;
  } catch (const NoFailures&) {
    failures.resize(before);
    return false;
  }
}

WrittenFailures write_failures(const File& file, std::vector<Failure> failures) {
  std::sort(failures.begin(), failures.end(), [](const Failure& a, const Failure& b) { return a.row < b.row; });
  for (Failure& failure : failures) failure.message = short_message(failure.message);
  const Cells cells = cells_of(failures);
  const auto count = static_cast<std::int64_t>(failures.size());
  const Dataset table = file.create_dataset("failures", type_of(cells), {static_cast<std::uint64_t>(count)});
  TableWriter writer(table);
  std::string entries;
  for_each_piece({0, count}, table.row_bytes(), buffer_bytes, [&](RowRange piece) {
    entries.clear();
    for (Row i = piece.begin; i < piece.end; ++i) append_entry(entries, failures[static_cast<std::size_t>(i)], cells);
    writer.append(std::as_bytes(std::span(entries)));
  });
  return {table, writer.checksum()};
}

Dataset open_failures(const Structure& file) {
  Dataset table = file.dataset("failures");
  table.expect(type_of(stored_cells(table)), {static_cast<std::uint64_t>(table.rows())});
  return table;
}

std::vector<Failure> read_failures(const Dataset& table, RowRange entries) {
  const Cells cells = stored_cells(table);
  std::vector<Failure> failures;
  std::vector<char> buffer;
  for_each_piece(entries, table.row_bytes(), buffer_bytes, [&](RowRange piece) {
    buffer.resize(static_cast<std::size_t>(piece.size() * table.row_bytes()));
    table.read(piece, std::span(buffer));
    for (std::size_t at = 0; at < buffer.size(); at += cells.row_bytes()) {
      failures.push_back(parse_entry({buffer.data() + at, cells.row_bytes()}, cells, table.place()));
    }
  });
  return failures;
}

}  // namespace pool3::store
