"""Log in over the API: a name and a password for a token."""

from django.contrib.auth import authenticate
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authtoken.models import Token
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from config.web.api import ApiError


class LoginThrottle(AnonRateThrottle):
    """Keeps one address from guessing passwords; enough for a room of people behind one router."""

    rate = "60/min"


class LoginIn(serializers.Serializer):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=1000, trim_whitespace=False)


class LoginOut(serializers.Serializer):
    token = serializers.CharField(help_text="To be sent as `Authorization: Token …`.")


class TokenLogin(APIView):
    authentication_classes = []
    permission_classes = []
    throttle_classes = [LoginThrottle]

    @extend_schema(operation_id="token_login", request=LoginIn, responses={200: LoginOut}, auth=[])
    def post(self, request: Request) -> Response:
        """Return the token of an account; the same one every time."""
        shape = LoginIn(data=request.data)
        shape.is_valid(raise_exception=True)
        user = authenticate(request, **shape.validated_data)
        if user is None:
            raise ApiError("login_refused", "There is no active account with this name and password.", 401)
        token, _ = Token.objects.get_or_create(user=user)
        return Response({"token": token.key})
