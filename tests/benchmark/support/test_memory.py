from benchmark.support.memory import remembered, remembering

ASKED = []


@remembered
def answer(question):
    ASKED.append(question)
    return len(ASKED)


def test_an_answer_is_kept_within_a_command_and_not_beyond():
    ASKED.clear()
    with remembering():
        assert [answer("a"), answer("b"), answer("a")] == [1, 2, 1]
        with remembering():
            assert answer("a") == 1
        assert answer("b") == 2
    assert [answer("a"), answer("a")] == [3, 4]
