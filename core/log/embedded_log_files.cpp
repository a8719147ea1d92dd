#include "core/log/embedded_log_files.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "core/log/write_ahead_log.h"

namespace foldlog::embedded {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr std::size_t step = 256U << 10;

// What somebody is writing while we read may look damaged; a moment later it is whole.
constexpr int attempts = 20;
constexpr std::chrono::milliseconds pause{5};

bool is_write_ahead_log(std::string_view path) { return path.ends_with(".log"); }

class log_writer final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
    auto written = target()->PositionedAppend(data, end_, options, context);
    if (!written.ok()) return written;
    end_ += data.size();
    if (end_ >= zeros_to_) write_zeros(options, context);
    return written;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& /*unused*/,
                  IODebugContext* context) override {
    return Append(data, options, context);
  }
  std::uint64_t GetFileSize(const IOOptions& /*options*/, IODebugContext* /*context*/) override { return end_; }
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    auto cut = target()->Truncate(end_, options, context);
    auto closed = target()->Close(options, context);
    return cut.ok() ? closed : cut;
  }

 private:
  // They become durable with the data before them. Where the disk is full there are none, or fewer: then the file grows
  // with each append.
  void write_zeros(const IOOptions& options, IODebugContext* context) {
    static const std::string zeros(step, '\0');
    target()->PositionedAppend(zeros, end_, options, context).PermitUncheckedError();
    zeros_to_ = end_ + step;
  }

  std::uint64_t end_ = 0;
  std::uint64_t zeros_to_ = 0;
};

/// Reads whole blocks, to know where the records end; gives what was asked for.
class log_reader final : public rocksdb::FSSequentialFile {
 public:
  log_reader(std::string path, std::unique_ptr<rocksdb::FSRandomAccessFile> file)
      : path_(std::move(path)), file_(std::move(file)) {}

  IOStatus Read(std::size_t size, const IOOptions& options, Slice* result, char* into,
                IODebugContext* context) override {
    std::size_t given = 0;
    while (given < size) {
      const auto within = at_ % write_ahead::block_size;
      std::string_view block;
      if (auto read = read_records(at_ - within, block, options, context); !read.ok()) return read;
      const auto piece = block.substr(std::min<std::size_t>(within, block.size()), size - given);
      std::memcpy(into + given, piece.data(), piece.size());
      given += piece.size();
      at_ += piece.size();
      if (block.size() < write_ahead::block_size) break;
    }
    *result = Slice(into, given);
    return IOStatus::OK();
  }
  IOStatus Skip(std::uint64_t bytes) override {
    at_ += bytes;
    return IOStatus::OK();
  }

 private:
  /// The records of the block that begins at `offset`; shorter than a block: no more follow at present.
  IOStatus read_records(std::uint64_t offset, std::string_view& records, const IOOptions& options,
                        IODebugContext* context) {
    std::string_view block;
    std::string rest;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      if (attempt > 0) std::this_thread::sleep_for(pause);
      if (auto read = fetch(offset, write_ahead::block_size, block_, block, options, context); !read.ok()) return read;
      records = block.substr(0, write_ahead::whole_fragments(block));
      if (records.size() == block.size()) return IOStatus::OK();
      if (auto read = read_to_end(offset + records.size(), rest, options, context); !read.ok()) return read;
      const auto here = std::string_view(rest).substr(0, write_ahead::block_size - records.size());
      if (write_ahead::whole_fragments(here) > 0) return IOStatus::OK();  // came meanwhile: for the next reading
      if (write_ahead::judge(rest, offset + records.size()) != write_ahead::remains::damaged) return IOStatus::OK();
    }
    // RocksDB finds the rest; but zeros it takes for the end of a block.
    if (rest.find_first_not_of('\0') >= write_ahead::header_size) {
      return IOStatus::Corruption(
          path_, "zeros and other bytes where a record should be, at byte " + std::to_string(offset + records.size()));
    }
    records = block;
    return IOStatus::OK();
  }

  IOStatus read_to_end(std::uint64_t offset, std::string& into, const IOOptions& options, IODebugContext* context) {
    std::string buffer;
    std::string_view piece;
    into.clear();
    do {
      if (auto got = fetch(offset + into.size(), step, buffer, piece, options, context); !got.ok()) return got;
      into += piece;
    } while (piece.size() == step);
    return IOStatus::OK();
  }

  IOStatus fetch(std::uint64_t offset, std::size_t size, std::string& buffer, std::string_view& found,
                 const IOOptions& options, IODebugContext* context) {
    buffer.resize(size);
    Slice bytes;
    auto got = file_->Read(offset, size, options, &bytes, buffer.data(), context);
    found = std::string_view(bytes.data(), bytes.size());
    return got;
  }

  std::string path_;
  std::unique_ptr<rocksdb::FSRandomAccessFile> file_;
  std::uint64_t at_ = 0;
  std::string block_;
};

class file_system final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  [[nodiscard]] const char* Name() const override { return "foldlog-prewritten"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* made, IODebugContext* context) override {
    auto opened = target()->NewWritableFile(path, options, made, context);
    if (opened.ok() && is_write_ahead_log(path)) *made = std::make_unique<log_writer>(std::move(*made));
    return opened;
  }
  IOStatus NewSequentialFile(const std::string& path, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* made, IODebugContext* context) override {
    if (!is_write_ahead_log(path)) return target()->NewSequentialFile(path, options, made, context);
    std::unique_ptr<rocksdb::FSRandomAccessFile> file;
    auto opened = target()->NewRandomAccessFile(path, options, &file, context);
    if (opened.ok()) *made = std::make_unique<log_reader>(path, std::move(file));
    return opened;
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> prewritten_files(const std::shared_ptr<rocksdb::FileSystem>& on) {
  return std::make_shared<file_system>(on);
}

}  // namespace foldlog::embedded
