#include "corpus/tables/other_kinds.hpp"

#include <algorithm>
#include <array>

#include "corpus/file_names.hpp"

namespace pool3::corpus {
namespace {

constexpr OtherKind compressed = {"a compressed file",
                                  "unpack it first; tar files of pictures end in .tar.gz, .tgz, "
                                  ".tar.zst, .tzst, .tar.xz, .txz, .tar.bz2 or .tbz2"};
constexpr OtherKind archive = {"an archive of a kind that is not read",
                               "unpack it first, as with unzip FILE -d FOLDER, and give the folder"};
constexpr OtherKind picture = {"a picture, and no catalogue of pictures",
                               "give the folder that it is in, or a list of paths"};
constexpr OtherKind utf16 = {"UTF-16 text", "save it as UTF-8, or: iconv -f UTF-16 -t UTF-8 FILE > NEW-FILE"};
constexpr OtherKind page = {"a web page, and no table or list of paths",
                            "was it fetched from an address that is not there any more?"};
constexpr OtherKind xml = {"XML, perhaps a drawing (SVG), and no table or list of paths",
                           "draw SVG as PNG first, as with rsvg-convert"};
constexpr OtherKind json_lines = {"JSON, and no table or list of paths",
                                  "if it has an object a line, give it a name that ends in .jsonl"};
constexpr OtherKind json_list = {"JSON, and no table or list of paths",
                                 "write it as CSV first, as with pandas: read_json(FILE).to_csv(FILE.csv, "
                                 "index=False)"};
constexpr OtherKind coco = {
    "JSON of COCO's kind (images, annotations, categories), and no table or list of paths",
    "write a CSV table first, with a column path (COCO's file_name) and a column label (the name "
    "of a category): a picture has one label"};
constexpr OtherKind json = {"JSON, and no table or list of paths",
                            "write a CSV table with a column path and a column label first"};
constexpr OtherKind tar = {"a tar file whose name does not end as one",
                           "give it a name that ends in .tar, or in .tar.gz and the like if it is compressed"};

const std::array magics = {
    Magic{"PAR1",
          {"a Parquet file, which pool3 does not read: Debian has no library for it",
           "write it as CSV first, as with pandas: read_parquet(FILE).to_csv(FILE.csv, index=False)"}},
    Magic{"\x89HDF",
          {"an HDF5 file, and no table or list of paths", "files of features go to --features, models to --model"}},
    Magic{"\x93NUMPY", {"a NumPy array, and no table or list of paths", "pool3 import reads features from such files"}},
    Magic{{"PK\3\4", 4},
          {"a zip archive, or a spreadsheet",
           "unpack it first, as with unzip FILE -d FOLDER, and give the folder; save a spreadsheet as CSV"}},
    Magic{"7z\xBC\xAF", archive},
    Magic{"Rar!\x1A\x07", archive},
    Magic{{"\x1F\x8B", 2}, compressed},
    Magic{"BZh9", compressed},
    Magic{"\xFD"
          "7zXZ",
          compressed},
    Magic{"\x28\xB5\x2F\xFD", compressed},
    Magic{"\xFF\xD8\xFF", picture},
    Magic{"\x89PNG", picture},
    Magic{"GIF87a", picture},
    Magic{"GIF89a", picture},
    Magic{"%PDF-", {"a PDF file", "give a folder of pictures, or a table or list of their paths"}},
    Magic{"\xFF\xFE", utf16},
    Magic{"\xFE\xFF", utf16},
};

/// True if the text begins with `open`, blanks aside, and then one of `next`.
bool begins(std::string_view text, char open, std::string_view next) {
  if (!text.starts_with(open)) return false;
  text.remove_prefix(1);
  const std::string_view rest = trimmed_view(text.substr(0, 64));
  return rest.empty() || next.find(rest.front()) != std::string_view::npos;
}

/// `text`: what the file begins with, without blanks in front. Null for what is no JSON.
const OtherKind* kind_of_json(std::string_view text) {
  if (begins(text, '[', "{[\"")) return &json_list;
  if (!begins(text, '{', "\"}")) return nullptr;
  for (const std::string_view key : {"\"annotations\"", "\"images\""})
    if (text.find(key) != std::string_view::npos) return &coco;
  // An object a line, and another one behind it or nothing.
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = trimmed_view(text.substr(0, end)), next = trimmed_view(text.substr(end));
  return line.ends_with('}') && (next.empty() || next.starts_with('{')) ? &json_lines : &json;
}

}  // namespace

const OtherKind* other_kind(std::string_view beginning) {
  if (const OtherKind* const found = find_magic(magics, beginning)) return found;
  const auto has = [&](std::size_t at, std::string_view what) {
    return beginning.size() >= at + what.size() && beginning.substr(at, what.size()) == what;
  };
  if (has(4, "ftyp") || (has(0, "RIFF") && has(8, "WEBP")) || has(0, {"II*\0", 4}) || has(0, {"MM\0*", 4}))
    return &picture;
  if (has(257, "ustar")) return &tar;
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (beginning.starts_with(mark)) beginning.remove_prefix(mark.size());
  const std::string_view text = trimmed_view(beginning.substr(0, 256));
  const std::string lower = lower_case(text.substr(0, 9));
  if (lower.starts_with("<!doctype") || lower.starts_with("<html")) return &page;
  if (lower.starts_with("<?xml") || lower.starts_with("<svg") || lower.starts_with("<!--")) return &xml;
  return kind_of_json(trimmed_view(beginning));
}

}  // namespace pool3::corpus
