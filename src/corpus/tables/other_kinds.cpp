#include "corpus/tables/other_kinds.hpp"

#include <array>

#include "corpus/file_names.hpp"
#include "pool3/text/utf8.hpp"

namespace pool3::corpus {
namespace {

constexpr OtherKind compressed = {"a compressed file",
                                  "unpack it first; tar files of pictures end in .tar.gz, .tgz, "
                                  ".tar.zst, .tzst, .tar.xz, .txz, .tar.bz2 or .tbz2"};
constexpr OtherKind archive = {"an archive of a kind that is not read",
                               "unpack it first, as with unzip FILE -d FOLDER, and give the folder"};
constexpr OtherKind picture = {"a picture, and no catalogue of pictures",
                               "give the folder that it is in, or a list of paths"};
constexpr OtherKind utf32 = {"UTF-32 text", "save it as UTF-8, or: iconv -f UTF-32 -t UTF-8 FILE > NEW-FILE"};
constexpr OtherKind idx = {
    "pictures or labels in MNIST's format (IDX)",
    "write the pictures as PNG files first, in a folder for each label, as with Python and Pillow"};
constexpr OtherKind pickle = {
    "a pickle of Python, as CIFAR's batches are",
    "write the pictures as PNG files first, in a folder for each label, as with Python and Pillow"};
constexpr OtherKind page = {"a web page, and no table or list of paths",
                            "was it fetched from an address that is not there any more?"};
constexpr OtherKind drawing = {"a drawing (SVG), and no table or list of paths",
                               "draw SVG as PNG first, as with rsvg-convert"};
constexpr OtherKind xml = {
    "XML, and no table or list of paths",
    "of annotations (VOC, CVAT), write a CSV table with a column path and a column label, or let the "
    "tool that made them export COCO's JSON, or a folder for each class"};
constexpr OtherKind json = {"JSON, and no table or list of paths",
                            "give it a name that ends in .json, or in .jsonl if it has an object a line"};
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
    Magic{{"\xFF\xFE\0\0", 4}, utf32},
    Magic{{"\0\0\xFE\xFF", 4}, utf32},
    Magic{"MATLAB ",
          {"a file of MATLAB, which pool3 does not read",
           "write a CSV table with a column path and a column label of it first, as with Python: "
           "scipy.io.loadmat(FILE)"}},
    Magic{{"\0\0\x8\1", 4}, idx},
    Magic{{"\0\0\x8\3", 4}, idx},
    Magic{"\x80\2", pickle},
    Magic{"\x80\3", pickle},
    Magic{"\x80\4", pickle},
    Magic{"\x80\5", pickle},
    Magic{"SQLite format 3",
          {"a database of SQLite", "write a CSV table of it first: sqlite3 -header -csv FILE QUERY"}},
    Magic{"ARROW1", {"a file of Arrow", "write it as CSV first, as with pandas: read_feather(FILE).to_csv(FILE.csv)"}},
    Magic{"\xD0\xCF\x11\xE0", {"an old spreadsheet or document of Office", "save a spreadsheet as CSV"}},
};

/// True if the text begins with `open`, blanks aside, and then one of `next`.
bool begins(std::string_view text, char open, std::string_view next) {
  if (!text.starts_with(open)) return false;
  text.remove_prefix(1);
  const std::string_view rest = trimmed_view(text.substr(0, 64));
  return rest.empty() || next.find(rest.front()) != std::string_view::npos;
}

/// `text`: what the file begins with, without blanks in front.
bool is_json(std::string_view text) { return begins(text, '[', "{[\"") || begins(text, '{', "\"}"); }

}  // namespace

const OtherKind* other_kind(std::string_view beginning) {
  if (const OtherKind* const found = find_magic(magics, beginning)) return found;
  const auto has = [&](std::size_t at, std::string_view what) {
    return beginning.size() >= at + what.size() && beginning.substr(at, what.size()) == what;
  };
  if (has(4, "ftyp") || (has(0, "RIFF") && has(8, "WEBP")) || has(0, {"II*\0", 4}) || has(0, {"MM\0*", 4}))
    return &picture;
  if (has(257, "ustar")) return &tar;
  if (beginning.starts_with(utf8_mark)) beginning.remove_prefix(utf8_mark.size());
  const std::string_view text = trimmed_view(beginning.substr(0, 256));
  const std::string lower = lower_case(text.substr(0, 9));
  if (lower.starts_with("<!doctype") || lower.starts_with("<html")) return &page;
  const bool is_xml = lower.starts_with("<?xml") || lower.starts_with("<!--") || lower.starts_with("<annotati");
  if (lower.starts_with("<svg") || (is_xml && beginning.substr(0, 4096).find("<svg") != std::string_view::npos))
    return &drawing;
  if (is_xml) return &xml;
  return is_json(trimmed_view(beginning)) ? &json : nullptr;
}

}  // namespace pool3::corpus
