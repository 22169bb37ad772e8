import socket

from config.demo.site import HOST, free_port


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
        taken.bind((HOST, 0))
        taken.listen()
        number = taken.getsockname()[1]
        assert free_port(number) > number


def test_a_free_port_is_taken_as_asked() -> None:
    number = free_port(18200)
    assert free_port(number) == number
