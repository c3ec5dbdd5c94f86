"""Addresses of the settings."""

from django.urls import path

from workledger.web.views import settings, settings_taxes

urlpatterns = [
    path("settings", settings.home, name="settings-home"),
    path("settings/entities", settings.entities, name="settings"),
    path("settings/entities/new", settings.new_entity, name="settings-entity-new"),
    path("settings/entities/<int:entity_id>", settings.entity, name="settings-entity"),
    path("settings/entities/<int:entity_id>/logo.svg", settings.logo, name="settings-entity-logo"),
    path("settings/structure", settings.structure, name="settings-structure"),
    path("settings/practices/new", settings.practice, name="settings-practice-new"),
    path("settings/practices/<int:practice_id>", settings.practice, name="settings-practice"),
    path("settings/offices/new", settings.office, name="settings-office-new"),
    path("settings/offices/<int:office_id>", settings.office, name="settings-office"),
    path("settings/roles/new", settings.role, name="settings-role-new"),
    path("settings/roles/<int:role_id>", settings.role, name="settings-role"),
    path("settings/exchange-rates", settings.rates, name="settings-rates"),
    path("settings/exchange-rates/new", settings.new_rate, name="settings-rate-new"),
    path("settings/exchange-rates/import", settings.import_rates, name="settings-rates-import"),
    path("settings/tax-codes", settings_taxes.index, name="settings-taxes"),
    path("settings/tax-codes/new", settings_taxes.new, name="settings-tax-new"),
    path("settings/tax-codes/<int:tax_code_id>", settings_taxes.change, name="settings-tax"),
    path("settings/tax-codes/<int:tax_code_id>/rates/new", settings_taxes.rate, name="settings-tax-rate"),
    path("settings/users", settings.user_list, name="settings-users"),
    path("settings/users/new", settings.new_user, name="settings-user-new"),
    path("settings/users/<int:user_id>", settings.user, name="settings-user"),
    path("settings/users/<int:user_id>/change", settings.change_user, name="settings-user-change"),
    path("settings/users/<int:user_id>/password", settings.user_password, name="settings-user-password"),
    path("settings/users/<int:user_id>/roles", settings.assign_role, name="settings-user-assign"),
    path(
        "settings/users/<int:user_id>/roles/<int:assignment_id>/remove",
        settings.remove_role,
        name="settings-user-remove_role",
    ),
    path("settings/users/<int:user_id>/deactivate", settings.deactivate, name="settings-user-deactivate"),
    path("settings/users/<int:user_id>/reactivate", settings.reactivate, name="settings-user-reactivate"),
    path("settings/rules", settings.rules, name="settings-rules"),
    path("settings/rules/<slug:name>", settings.rule, name="settings-rule"),
    path("settings/tokens", settings.token_list, name="settings-tokens"),
    path("settings/tokens/new", settings.new_token, name="settings-token-new"),
    path("settings/tokens/<int:token_id>/revoke", settings.revoke_token, name="settings-token-revoke"),
    path("settings/password", settings.my_password, name="settings-password"),
]
