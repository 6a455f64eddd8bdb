// A folder that is made, filled, and removed again where that fails.
#include "core/output_folder.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "odot/core/error.hpp"

namespace odot::inline ODOT_PRECISION {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(fmt::format("cannot write {}: {}", path, why), ErrorKind::system);
}

}  // namespace

OutputFolder::OutputFolder(const std::string& path) : path_(path) {
  std::error_code error;
  made_ = fs::create_directory(path, error);
  if (made_) return;
  if (error) {
    std::error_code ignored;
    if (fs::exists(path, ignored)) refuse(path, "it is a file; give a new folder");
    const bool no_parent = error == std::errc::no_such_file_or_directory;
    throw Error(fmt::format("cannot make the folder {}: {}{}", path, error.message(),
                            no_parent ? " (does the folder that it is in exist?)" : ""),
                ErrorKind::system);
  }
  const bool empty = fs::is_empty(path, error);
  if (error) refuse(path, error.message());
  if (!empty) refuse(path, "the folder is there already, and not empty; give a new one");
}

OutputFolder::~OutputFolder() {
  if (committed_) return;
  std::vector<std::string> paths;
  for (const OutputFile& file : files_) paths.push_back(file.path());
  files_.clear();
  std::error_code ignored;
  for (const std::string& path : paths) fs::remove(path, ignored);
  if (made_) fs::remove(path_, ignored);
}

OutputFile& OutputFolder::add(const std::string& name) {
  return files_.emplace_back((fs::path(path_) / name).string());
}

void OutputFolder::commit() {
  for (OutputFile& file : files_) file.commit();
  committed_ = true;
}

}  // namespace odot::inline ODOT_PRECISION
