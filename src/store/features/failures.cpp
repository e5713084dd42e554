#include "store/features/failures.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "store/hdf5/strings.hpp"
#include "store/integrity/checksum.hpp"
#include "store/layout.hpp"
#include "store/pieces.hpp"

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

/// One line of bounded length, cut between characters.
std::string short_message(const std::string& message) {
  std::string line = one_line(message);
  if (line.size() <= max_message_bytes) return line;
  std::size_t end = max_message_bytes;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0U) == 0x80U) --end;
  line.resize(end);
  return line;
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

Handle type_of(const Cells& cells, const Place& place) {
  const std::string doing = "make the type of failures";
  Handle type = own(H5Tcreate(H5T_COMPOUND, cells.row_bytes()), H5Tclose, place, doing);
  check(H5Tinsert(type.id(), "row", 0, H5T_STD_I64LE), place, doing);
  std::size_t offset = 8;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Handle member = string_type(cells.widths[i], cells.utf8);
    check(H5Tinsert(type.id(), columns[i], offset, member.id()), place, doing);
    offset += cells.widths[i];
  }
  return type;
}

/// The widths that a stored type has, as far as it has them.
Cells stored_cells(const Dataset& table) {
  Cells cells;
  const hid_t type = table.type().id();
  if (H5Tget_class(type) != H5T_COMPOUND || H5Tget_nmembers(type) != 5) return cells;
  for (unsigned i = 0; i < 4; ++i) {
    const Handle member = own(H5Tget_member_type(type, i + 1), H5Tclose, table.place(), "look at failures");
    cells.widths[i] = std::max<std::size_t>(1, H5Tget_size(member.id()));
    cells.utf8 = H5Tget_class(member.id()) == H5T_STRING && H5Tget_cset(member.id()) == H5T_CSET_UTF8;
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

std::int64_t get_number(std::string_view& bytes) {
  std::int64_t number = 0;
  std::memcpy(&number, bytes.data(), 8);
  bytes.remove_prefix(8);
  return number;
}

std::string get_text(std::string_view& bytes) {
  const auto length = static_cast<std::size_t>(get_number(bytes));
  std::string text(bytes.substr(0, length));
  bytes.remove_prefix(length);
  return text;
}

}  // namespace

std::string encode_failures(const std::vector<Failure>& failures) {
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

void decode_failures(std::string_view bytes, std::vector<Failure>& failures) {
  while (!bytes.empty()) {
    Failure failure;
    failure.row = get_number(bytes);
    failure.status = static_cast<RowStatus>(get_number(bytes));
    failure.path = get_text(bytes);
    failure.message = get_text(bytes);
    failures.push_back(std::move(failure));
  }
}

std::uint64_t write_failures(const File& file, std::vector<Failure> failures) {
  std::sort(failures.begin(), failures.end(), [](const Failure& a, const Failure& b) { return a.row < b.row; });
  for (Failure& failure : failures) failure.message = short_message(failure.message);
  const Cells cells = cells_of(failures);
  const auto count = static_cast<std::int64_t>(failures.size());
  const Dataset table = file.create_dataset("failures", type_of(cells, file.place()), {static_cast<hsize_t>(count)});
  TableWriter writer(table);
  std::string entries;
  for_each_piece({0, count}, table.row_bytes(), buffer_bytes, [&](RowRange piece) {
    entries.clear();
    for (Row i = piece.begin; i < piece.end; ++i) append_entry(entries, failures[static_cast<std::size_t>(i)], cells);
    writer.append(std::as_bytes(std::span(entries)));
  });
  return writer.checksum();
}

Dataset open_failures(const File& file) {
  Dataset table = file.dataset("failures");
  table.expect(type_of(stored_cells(table), file.place()), {static_cast<hsize_t>(table.rows())});
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
