"""The tree is kept tidy: include direction, who may include which library, sizes, layout; and the rules themselves can see."""

import os
import re
import shutil
import subprocess
import unittest

import tidy

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
TEXT = re.compile(r"(\.(h|cpp|py|cmake|txt|json|toml|md|yaml|xml|in|properties)|^tools/[a-z_]+|^\.ci/run)$")


def tree():
    files = {}
    for at, folders, names in os.walk(ROOT):
        folders[:] = [each for each in folders if each not in ("build", ".git", "data", ".kafka", "__pycache__", "node_modules", ".cache")]
        for name in names:
            path = os.path.relpath(os.path.join(at, name), ROOT)
            if TEXT.search(path):
                with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                    files[path] = file.read()
    return files


class Tree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.files = tree()

    def must_be_clean(self, rule):
        complaints = rule(self.files)
        self.assertFalse(complaints, "\n" + "\n".join(complaints[:50]))

    def test_includes_flow_one_way(self):
        self.must_be_clean(tidy.include_direction)

    def test_libraries_stay_behind_their_borders(self):
        self.must_be_clean(tidy.library_borders)

    def test_files_are_small(self):
        self.must_be_clean(tidy.file_sizes)

    def test_status_numbers_live_in_one_table(self):
        self.must_be_clean(tidy.status_numbers)

    def test_nothing_is_left_for_later(self):
        self.must_be_clean(tidy.unfinished)

    def test_headers_are_guarded(self):
        self.must_be_clean(tidy.headers_guarded)

    def test_no_line_ends_in_space(self):
        self.must_be_clean(tidy.trailing_space)

    def test_the_layout_is_clang_formats(self):
        program = shutil.which("clang-format-19")
        self.assertIsNotNone(program, "clang-format-19 is not installed: tools/install_packages check")
        files = sorted(tidy.code(self.files))
        self.assertTrue(files)
        done = subprocess.run([program, "--dry-run", "-Werror", "--ferror-limit=1", *files], cwd=ROOT, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, "\n" + "\n".join(line for line in done.stderr.splitlines() if "error:" in line))


class Rules(unittest.TestCase):
    """Planted defects: each rule sees what it is there for, and lets the ordinary pass."""

    def must_see(self, rule, path, text, **others):
        self.assertTrue(rule({path: text, **others}), f"{path} passes {rule.__name__}")

    def must_pass(self, rule, path, text):
        self.assertEqual(rule({path: text}), [])

    def test_include_direction(self):
        for path, included in (("core/base/a.h", "core/runtime/b.h"), ("core/runtime/a.cpp", "core/log/b.h"), ("core/log/a.h", "core/store/b.h"),
                               ("core/http/a.h", "core/log/b.h"),
                               ("schemas/a.h", "core/runtime/b.h"), ("command/a.cpp", "projections/b.h"), ("query/a.cpp", "command/b.h"),
                               ("projections/bank/a.cpp", "command/bank/b.h"), ("core/http/a.h", "tools/b.h"), ("command/a.cpp", "command/bank/b.h"),
                               ("core/base/a.h", "b.h"), ("elsewhere/a.h", "core/base/b.h")):
            self.must_see(tidy.include_direction, path, f'#include "{included}"\n')
        for path, included in (("core/log/a.h", "core/base/b.h"), ("schemas/a.h", "core/base/b.h"), ("command/bank/a.cpp", "command/b.h"),
                               ("command/a.cpp", "schemas/b.h"), ("tools/a.cpp", "command/bank/b.h"), ("test/a.cpp", "core/log/b.h")):
            self.must_pass(tidy.include_direction, path, f'#include "{included}"\n#include <string>\n')

    def test_library_borders(self):
        for path, included in (("core/log/open_log.cpp", "librdkafka/rdkafka.h"), ("query/a.cpp", "rocksdb/db.h"), ("core/log/kafka_log.cpp", "rocksdb/db.h"),
                               ("tools/a.cpp", "boost/beast/http.hpp"), ("command/a.cpp", "simdjson.h"), ("core/base/a.cpp", "doctest/doctest.h")):
            self.must_see(tidy.library_borders, path, f"#include <{included}>\n")
        self.must_see(tidy.library_borders, "schemas/a.cpp", "#include <simdjson.h>\n", **{"schemas/b.cpp": "#include <simdjson.h>\n"})
        for path, included in (("core/log/kafka_log.cpp", "librdkafka/rdkafka.h"), ("core/log/embedded_log.cpp", "rocksdb/db.h"),
                               ("core/http/a.cpp", "boost/beast/http.hpp"), ("schemas/a.cpp", "simdjson.h"), ("bench/a.cpp", "boost/beast/http.hpp")):
            self.must_pass(tidy.library_borders, path, f"#include <{included}>\n")

    def test_file_sizes(self):
        self.must_pass(lambda files: tidy.file_sizes(files, {}), "core/base/a.cpp", "\n" * 400)
        self.must_see(lambda files: tidy.file_sizes(files, {}), "core/base/a.cpp", "\n" * 401)

    def test_status_numbers(self):
        for line in ("if (answer.status == 404) return;", "response.status = 409;", 'out += "HTTP/1.1 200 OK";', "set_status(503);"):
            self.must_see(tidy.status_numbers, "query/a.cpp", line + "\n")
        for line in ("constexpr int lines_max = 500;", "// the status is 404", 'say("status 404");', "status = http::status::ok;", "batch_status[2000] = 1;"):
            self.must_pass(tidy.status_numbers, "query/a.cpp", line + "\n")
        self.must_pass(tidy.status_numbers, "core/http/problem.cpp", "status = 404;\n")

    def test_the_rest(self):
        self.must_see(tidy.unfinished, "core/base/a.cpp", "// TO" + "DO later\n")
        self.must_see(tidy.headers_guarded, "core/base/a.h", "int a;\n")
        self.must_see(tidy.trailing_space, "core/base/a.h", "int a; \n")


if __name__ == "__main__":
    unittest.main()
